/** The list that a user saw last, beside the user's log, until events say what became of it. */
import { type Judged, judged, SERVED_MS, type Served } from '../outcomes/served.ts';
import type { Event } from './event.ts';
import type { Head } from './log.ts';

/** The log that the list was made of. With its next event the list has been judged. */
type Made = Pick<Head, 'epoch' | 'total'>;

export function keepServed(sql: SqlStorage, served: Served, { epoch, total }: Made): void {
  const list = JSON.stringify({ ...served, epoch, total });
  const { rowsWritten } = sql.exec('UPDATE served SET list = ?, at = ?', list, Date.now());
  if (rowsWritten === 0) sql.exec('INSERT INTO served VALUES (?, ?)', list, Date.now());
}

/** What became of the list that is kept, when these are the first events after `head`. */
export function judgeServed(sql: SqlStorage, events: readonly Event[], head: Head): Judged | undefined {
  const [row] = sql.exec<{ list: string; at: number }>('SELECT list, at FROM served').toArray();
  if (row === undefined || row.at < Date.now() - SERVED_MS) return undefined;
  const { epoch, total, ...served }: Served & Made = JSON.parse(row.list);
  return epoch === head.epoch && total === head.total ? judged(served, itemsOf(events)) : undefined;
}

export const itemsOf = (events: readonly Pick<Event, 'item'>[]): string[] => events.map(({ item }) => item);
