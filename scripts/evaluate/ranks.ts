/** Ranks of every case in a CSV file, so that models can be compared case by case later. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import type { Case } from '../dataset.ts';
import { UserError } from '../errors.ts';

/**
 * One row per case: `user_id,place` (events before it), then the rank from 0 per name, empty when not listed.
 */
export function writeRanks(path: string, cases: Case[], ranks: Map<string, number[]>): void {
  const rows = cases.map(({ user, place }, i) =>
    [
      csvField(user),
      place,
      ...[...ranks.values()].map((each) => (each[i] === Infinity ? '' : each[i])),
    ].join(),
  );
  writeFileSync(path, `${['user_id', 'place', ...ranks.keys()].join()}\n${rows.join('\n')}\n`);
}

/** The ranks of one column by case. @throws {UserError} when the file has no such column */
export function readRanks(path: string, column: string): Map<string, number> {
  const rows: Record<string, string>[] = parse(readFileSync(path), { columns: true });
  if (rows[0]?.[column] === undefined) throw new UserError(`${path} has no column ${column}`);
  return new Map(
    rows.map((row) => [`${row.user_id} ${row.place}`, row[column] === '' ? Infinity : Number(row[column])]),
  );
}

/** A CSV field, quoted if necessary. */
export const csvField = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
