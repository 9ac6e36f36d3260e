/** JSON Lines, and JSON files that are one array. */
import { type Database, sqlText } from './database.ts';
import { DataError, fail } from './errors.ts';
import type { DataFile } from './files.ts';
import { headOf } from './lines.ts';
import { readFailure } from './read-failure.ts';

/** Rows whose keys become the columns. */
const SAMPLE = 10_000;

/** The table expression, with one column `json`. */
export async function jsonSource({ path, shown }: DataFile): Promise<string> {
  const head = await headOf(path, 1024).catch((error: Error) => {
    throw new DataError(`${shown}: ${error.message}`);
  });
  const format = head.toString('utf8').trimStart().startsWith('[') ? 'array' : 'newline_delimited';
  return `read_json_objects(${sqlText(path)}, format = '${format}')`;
}

/** The keys of the first rows. @throws {DataError} when a line is not a JSON object */
export async function jsonColumns(db: Database, from: string, file: DataFile): Promise<string[]> {
  const sample = `(SELECT json FROM ${from} LIMIT ${SAMPLE})`;
  const { other, keys } = await db
    .row<{ other: number | null; keys: string[] | null }>(
      `SELECT min(n) FILTER (json_type(json) <> 'OBJECT')::DOUBLE AS other,
        list_distinct(flatten(list(json_keys(json)))) AS keys
      FROM (SELECT json, row_number() OVER () AS n FROM ${sample})`,
    )
    .catch((error: Error) => readFailure(error, file));
  if (other !== null) fail({ file: file.shown, line: other }, 'json', 'expected an object');
  // In the order of the first row, then by name.
  const { first } = await db.row<{ first: string[] | null }>(
    `SELECT any_value(json_keys(json)) AS first FROM (FROM ${from} LIMIT 1)`,
  );
  return [...new Set([...(first ?? []), ...(keys ?? []).sort()])];
}

export const jsonPath = (key: string): string => sqlText(`$.${JSON.stringify(key)}`);

/** SQL for a JSON value as an id: a text, or a whole number. */
export const jsonId = (json: string): string =>
  `CASE WHEN json_type(${json}) IN ('VARCHAR', 'UBIGINT', 'BIGINT') THEN ${json} ->> '$' END`;
