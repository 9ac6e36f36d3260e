/** A table in one file or in parts, as DuckDB reads it: every column as text, or as JSON. */
import { type Database, sqlName, sqlText } from './database.ts';
import { csvSource, type Dialect, dialectOf } from './dialect.ts';
import { DataError, fail } from './errors.ts';
import { type DataFile, formatOf } from './files.ts';
import { jsonColumns, jsonId, jsonPath, jsonSource } from './json-lines.ts';
import { unnested } from './nested.ts';

/** How to read one file. */
export interface Source {
  file: DataFile;
  /** Column names in the order of the file. */
  columns: string[];
  /** For a text file with separators. */
  dialect?: Dialect;
  /** A table expression of SQL. */
  from: string;
  /** SQL for the value of a column as text, NULL where there is none. */
  text(column: string): string;
  /** SQL for the value of a column as an id: text or a whole number; NULL for anything else. */
  id(column: string): string;
  /** SQL for the value of a column as JSON; a text file with separators has no types, so it has none. */
  json?(column: string): string;
  /** SQL for the rows of the file from which these rows are made, when one may make several. */
  origin?: string;
}

/** What the caller knows of the files, where their names don't say it. */
export interface Layout {
  /** Overrides what the file's first line says. */
  dialect?: Dialect;
  /** Encoding of text files. @default utf-8 */
  encoding?: string;
}

/**
 * @returns a source per file; all of them have the columns of the first
 * @throws {DataError} when a file can't be read, or is no table
 */
export async function openTable(db: Database, files: DataFile[], layout: Layout = {}): Promise<Source[]> {
  const sources: Source[] = [];
  for (const file of files) {
    const source = await openFile(db, file, layout);
    const missing = sources[0]?.columns.find((column) => !source.columns.includes(column));
    if (missing !== undefined && source.dialect) {
      fail({ file: file.shown, line: 1 }, missing, `no such column, but ${sources[0].file.shown} has it`);
    }
    sources.push(source);
  }
  return sources;
}

function openFile(db: Database, file: DataFile, layout: Layout): Promise<Source> {
  const format = formatOf(file.path);
  if (format === 'parquet') return openParquet(db, file);
  if (format === 'json') return openJson(db, file);
  return openText(file, layout);
}

async function openText(file: DataFile, layout: Layout): Promise<Source> {
  const dialect = layout.dialect ?? (await dialectOf(file, layout.encoding));
  const { columns } = dialect;
  const text = (column: string) => `c${columns.indexOf(column)}`;
  return { file, columns, dialect, from: csvSource(file.path, dialect), text, id: text };
}

async function openJson(db: Database, file: DataFile): Promise<Source> {
  const from = await jsonSource(file);
  const columns = await jsonColumns(db, from, file);
  const text = (column: string) => `(json ->> ${jsonPath(column)})`;
  const json = (column: string) => `(json -> ${jsonPath(column)})`;
  return unnested(db, { file, columns, from, text, json, id: (column) => jsonId(json(column)) });
}

async function openParquet(db: Database, file: DataFile): Promise<Source> {
  const from = `read_parquet(${sqlText(file.path)})`;
  const described = await db
    .rows<{ column_name: string; column_type: string }>(`DESCRIBE FROM ${from}`)
    .catch((error: Error) => {
      throw new DataError(`${file.shown}: not a Parquet file (${error.message.split('\n')[0]})`);
    });
  const types = new Map(described.map(({ column_name, column_type }) => [column_name, column_type]));
  const text = (column: string) => {
    const name = sqlName(column);
    return /\[|STRUCT/.test(types.get(column) ?? '') ? `to_json(${name})::VARCHAR` : `${name}::VARCHAR`;
  };
  const id = (column: string) =>
    /^(VARCHAR|UUID|U?\w*INT\w*)$/.test(types.get(column) ?? '') ? text(column) : 'NULL';
  const json = (column: string) => `to_json(${sqlName(column)})`;
  return unnested(db, { file, columns: [...types.keys()], from, text, id, json });
}
