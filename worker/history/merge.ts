/**
 * One log goes into another, for a visitor who signs in. Two objects take part, and any call may get lost or
 * come twice:
 *
 * 1. The visitor's object notes where its log goes, and hands events over.
 * 2. The user's object appends them, and notes how far it has come with this log. What it has, it skips.
 * 3. The visitor's object deletes its log if nothing was added meanwhile; otherwise that is handed over too.
 *
 * So each event is in the user's log once, in the visitor's order, however often this is begun. Merged events
 * come after the user's own: a log is in the order of arrival, and it was now that they arrived.
 */

import { logOf } from './epoch.ts';
import type { Event } from './event.ts';
import type { Head } from './log.ts';
import { appendEvents, exists, headOf, type Row } from './schema.ts';

/** Events per call: with the longest ids a quarter of the 32 MiB that an answer may have. */
const PART = 10_000;

export type HandedEvent = Event & { position: number; stored: number };

export interface Handed {
  /** `gone`: there is no log, or no longer. `elsewhere`: it goes into another user's. */
  outcome: 'handed' | 'gone' | 'elsewhere';
  /** Name of the log. */
  log: string;
  /** Oldest first; none are left when it is empty. */
  events: HandedEvent[];
}

/** Whether the log is on its way into another one. It may grow until it is there, and must not shrink. */
export function isLeaving(sql: SqlStorage): boolean {
  return exists(sql, 'leaving');
}

/** Events after this position, for the user `target` alone. */
export function handOver(sql: SqlStorage, target: string, after: number): Handed {
  sql.exec('CREATE TABLE IF NOT EXISTS leaving (target TEXT NOT NULL)');
  sql.exec('INSERT INTO leaving SELECT ? WHERE NOT EXISTS (SELECT 1 FROM leaving)', target);
  const log = logOf(headOf(sql)!.epoch);
  if (sql.exec<{ target: string }>('SELECT target FROM leaving').one().target !== target) {
    return { outcome: 'elsewhere', log, events: [] };
  }
  const rows = sql.exec<Row & { stored: number }>(
    `SELECT position, item, timestamp, type, coalesce(stored, (SELECT began FROM chain)) AS stored
     FROM interaction WHERE position > ? ORDER BY position LIMIT ?`,
    after,
    PART,
  );
  const events = [...rows].map(({ position, item, timestamp, type, stored }) => ({
    ...{ position, item, stored },
    ...(timestamp !== null && { time: timestamp }),
    ...(type !== null && { type }),
  }));
  return { outcome: 'handed', log, events };
}

/** Appends what is new of another log. Returns how many events that are. */
export function takeIn(sql: SqlStorage, { log, events }: Pick<Handed, 'log' | 'events'>, head: Head): number {
  sql.exec(`CREATE TABLE IF NOT EXISTS merged (
    key TEXT PRIMARY KEY, position INTEGER NOT NULL, at INTEGER NOT NULL
  )`);
  const [known] = sql.exec<{ position: number }>('SELECT position FROM merged WHERE key = ?', log).toArray();
  const added = events.filter(({ position }) => position > (known?.position ?? 0));
  if (added.length === 0) return 0;
  appendEvents(sql, added, head);
  sql.exec('INSERT OR REPLACE INTO merged VALUES (?, ?, ?)', log, added.at(-1)!.position, Date.now());
  return added.length;
}

/** Whether the log has events after this position. */
export function hasMore(sql: SqlStorage, after: number): boolean {
  return [...sql.exec('SELECT 1 FROM interaction WHERE position > ? LIMIT 1', after)].length > 0;
}
