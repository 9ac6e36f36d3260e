/** Events as they are read from SQLite. */
import type { Event } from './event.ts';
import type { LogPage, Tail } from './log.ts';
import type { Row } from './schema.ts';

/** An event, and the chain's digest of it where it has one. */
export interface ChainedEvent {
  event: Event;
  digest: Uint8Array | null;
}

/** So many events, oldest first, but for the newest `skipped`. */
export function newestEvents(sql: SqlStorage, count: number, skipped: number): ChainedEvent[] {
  return sql
    .exec<Row>(
      'SELECT item, type, digest FROM interaction ORDER BY position DESC LIMIT ? OFFSET ?',
      count,
      skipped,
    )
    .toArray()
    .map((row) => ({ event: eventOf(row), digest: row.digest && new Uint8Array(row.digest) }))
    .reverse();
}

/** Events and their digests, as callers get them. */
export function apart(chained: readonly ChainedEvent[]): Pick<Tail, 'events' | 'digests'> {
  return { events: chained.map(({ event }) => event), digests: chained.map(({ digest }) => digest) };
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

/** What models read of an event. */
export function eventOf({ item, type }: { item: string; type?: string | null }): Event {
  return type === null || type === undefined ? { item } : { item, type };
}
