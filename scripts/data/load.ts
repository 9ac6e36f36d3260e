/** Reads files into a table of DuckDB, so that a row's `rowid` says which row of which file it is. */
import { basename } from 'node:path';
import { type Database, sqlText } from './database.ts';
import { unifyLineEnds } from './line-ends.ts';
import type { Part } from './place.ts';
import { mixesLineEnds, readFailure } from './read-failure.ts';
import type { Source } from './table.ts';

/**
 * @param values SQL for the values of a row
 * @param folder where files may be copied to
 * @throws {DataError} at a row that is no row of the table
 */
export async function loadParts(
  db: Database,
  table: string,
  sources: Source[],
  folder: string,
  values: (source: Source) => string,
): Promise<Part[]> {
  const parts: Part[] = [];
  for (const source of sources) {
    const { file, dialect, from } = source;
    parts.push({ source, first: await countOf(db, table) });
    const insert = (rows: string) =>
      db.run(`INSERT INTO ${table} SELECT ${values(source)} FROM ${rows}`, `read ${basename(file.path)}`);
    await insert(from).catch(async (error: Error) => {
      if (!mixesLineEnds(error)) return readFailure(error, file, dialect);
      const copy = await unifyLineEnds(file, folder);
      source.from = from.replace(sqlText(file.path), sqlText(copy));
      await insert(source.from).catch((again: Error) => readFailure(again, file, dialect));
    });
  }
  return parts;
}

/** @param from a table, or any other that can follow FROM */
export async function countOf(db: Database, from: string): Promise<number> {
  return (await db.row<{ n: number }>(`SELECT count(*)::DOUBLE AS n FROM ${from}`)).n;
}
