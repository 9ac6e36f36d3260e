/** Ranks of every case in a CSV file, so that models can be compared case by case later. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { csvField } from '../data/write.ts';
import type { Case } from '../dataset.ts';

/** One row a case: `user_id,place` (interactions before it), then a rank from 0 for each name, empty when not listed. */
export function writeRanks(path: string, cases: Case[], ranks: Map<string, number[]>): void {
  const rows = cases.map(({ user, history }, i) =>
    [
      csvField(user),
      history.length,
      ...[...ranks.values()].map((each) => (each[i] === Infinity ? '' : each[i])),
    ].join(),
  );
  writeFileSync(path, `${['user_id', 'place', ...ranks.keys()].join()}\n${rows.join('\n')}\n`);
}

/** The ranks of one column by case. Throws an Error that names the file when it has no such column. */
export function readRanks(path: string, column: string): Map<string, number> {
  const rows: Record<string, string>[] = parse(readFileSync(path), { columns: true });
  if (rows[0]?.[column] === undefined) throw new Error(`${path} has no column ${column}`);
  return new Map(
    rows.map((row) => [`${row.user_id} ${row.place}`, row[column] === '' ? Infinity : Number(row[column])]),
  );
}
