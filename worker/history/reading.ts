/** Events as they are read from SQLite. */
import type { Event } from './event.ts';
import type { LogPage } from './log.ts';
import type { Row } from './schema.ts';

/** So many events, oldest first, but for the newest `skipped`. */
export function newestRows(sql: SqlStorage, count: number, skipped: number): Row[] {
  return sql
    .exec<Row>(
      'SELECT item, type, digest FROM interaction ORDER BY position DESC LIMIT ? OFFSET ?',
      count,
      skipped,
    )
    .toArray()
    .reverse();
}

/** So many events, oldest first, without their digests. */
export function newestEvents(sql: SqlStorage, count: number): Event[] {
  return sql
    .exec<Row>('SELECT item, type FROM interaction ORDER BY position DESC LIMIT ?', count)
    .toArray()
    .map(eventOf)
    .reverse();
}

/** As `HistoryLog.page` says. */
export function pageOf(sql: SqlStorage, limit: number, before: number | null): Omit<LogPage, 'epoch'> {
  const rows = sql
    .exec<Row>(
      'SELECT position, item, timestamp, type FROM interaction WHERE position < ? ORDER BY position DESC LIMIT ?',
      before ?? Number.MAX_SAFE_INTEGER,
      limit + 1,
    )
    .toArray();
  const events = rows.slice(0, limit).map(({ position, timestamp, ...row }) => ({
    position,
    ...eventOf(row),
    ...(timestamp !== null && { time: timestamp }),
  }));
  return { events, next: rows.length > limit ? events[limit - 1].position : null };
}

export function digestOf(row: Row | undefined): Uint8Array | null {
  return row?.digest ? new Uint8Array(row.digest) : null;
}

/** What models read of an event. */
export function eventOf({ item, type }: Pick<Row, 'item' | 'type'>): Event {
  return type === null ? { item } : { item, type };
}
