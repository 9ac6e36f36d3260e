/** The list that a user saw last, beside the user's log, until events say what became of it. */
import { type Judged, judged, SERVED_MS, type Served } from '../outcomes/served.ts';
import type { Event } from './event.ts';
import { exists } from './schema.ts';

export function keepServed(sql: SqlStorage, served: Served): void {
  sql.exec('CREATE TABLE IF NOT EXISTS served (list TEXT NOT NULL, at INTEGER NOT NULL)');
  sql.exec('DELETE FROM served');
  sql.exec('INSERT INTO served VALUES (?, ?)', JSON.stringify(served), Date.now());
}

/** What became of the list that is kept; it is then no longer kept. */
export function judgeServed(sql: SqlStorage, events: readonly Event[]): Judged | undefined {
  if (!exists(sql, 'served')) return undefined;
  const [row] = sql.exec<{ list: string; at: number }>('SELECT list, at FROM served').toArray();
  if (row === undefined) return undefined;
  sql.exec('DELETE FROM served');
  if (row.at < Date.now() - SERVED_MS) return undefined;
  return judged(
    JSON.parse(row.list),
    events.map(({ item }) => item),
  );
}
