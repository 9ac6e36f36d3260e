/** Where a row stands in its file, and what it says there. Reads the file again, so only for messages. */
import type { Database } from './database.ts';
import { type Place, quote } from './errors.ts';
import { lines } from './lines.ts';
import { lineOfRecord } from './records.ts';
import type { Source } from './table.ts';

/** A file of a table, and how many rows the files before it have. */
export interface Part {
  source: Source;
  first: number;
}

export interface Found {
  place: Place;
  /** What stands in the column, quoted for a message. */
  value: string;
}

/** @param row its number among the rows of all parts, from 0 */
export async function placeOf(db: Database, parts: Part[], row: number, column: string): Promise<Found> {
  const { source, first } = parts.findLast((part) => part.first <= row)!;
  const { file, dialect, origin } = source;
  let inFile = row - first;
  const [{ value }] = await db.rows<{ value: string | null }>(
    `SELECT ${source.text(column)} AS value FROM ${source.from} LIMIT 1 OFFSET ${inFile}`,
  );
  if (origin !== undefined) {
    const { n } = await db.row<{ n: string }>(`SELECT n FROM ${origin} LIMIT 1 OFFSET ${inFile}`);
    inFile = Number(n) - 1;
  }
  const line = dialect ? await lineOfRecord(file.path, dialect, inFile) : await lineOfText(file.path, inFile);
  return { place: { file: file.shown, line }, value: value === null ? 'nothing' : quote(value) };
}

async function lineOfText(path: string, row: number): Promise<number> {
  if (/\.parquet$/i.test(path)) return row + 1;
  let seen = 0;
  for await (const { line } of lines(path)) if (seen++ === row) return line;
  return row + 1;
}
