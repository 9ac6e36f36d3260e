/** The list that a user saw last, beside the user's log, until events say what became of it. */
import { type Judged, judged, SERVED_MS, type Served } from '../outcomes/served.ts';
import type { Event } from './event.ts';
import type { Head, Seen } from './log.ts';

/** The log that the list was made of. With its next event the list has been judged. */
type Made = Omit<Seen, 'list'>;

export function keepServed(sql: SqlStorage, served: Served, { epoch, total }: Made): void {
  const list = JSON.stringify({ ...served, epoch, total });
  const { rowsWritten } = sql.exec('UPDATE served SET list = ?, at = ?', list, Date.now());
  if (rowsWritten === 0) sql.exec('INSERT INTO served VALUES (?, ?)', list, Date.now());
}

/**
 * What became of the list that the user saw last, when these are the first events after `head`: of `seen`, or
 * of the one that is kept.
 */
export function judgeServed(
  sql: SqlStorage,
  events: readonly Event[],
  head: Head,
  seen?: Seen,
): Judged | undefined {
  const isOf = ({ epoch, total }: Made) => epoch === head.epoch && total === head.total;
  if (seen && isOf(seen)) return judged(seen.list, itemsOf(events));
  const [row] = sql.exec<{ list: string; at: number }>('SELECT list, at FROM served').toArray();
  if (row === undefined || row.at < Date.now() - SERVED_MS) return undefined;
  const { epoch, total, ...served }: Served & Made = JSON.parse(row.list);
  return isOf({ epoch, total }) ? judged(served, itemsOf(events)) : undefined;
}

export const itemsOf = (events: readonly Pick<Event, 'item'>[]): string[] => events.map(({ item }) => item);
