/** A user's events as the rest of the service sees them: an append-only log, which is the source of truth. */
import type { Event } from './event.ts';

export interface Snapshot {
  /**
   * Identifies this log. A log that was deleted and started again has another one. Empty while there is no
   * log.
   */
  epoch: string;
  /** What models read of each event, oldest first. */
  events: Event[];
}

export interface Appended {
  /** Events in the log after this append; for a repeated key, after the first one. */
  length: number;
  /**
   * `repeated`: the idempotency key was known and nothing was added. `conflict`: it was used for other
   * events.
   */
  outcome: 'added' | 'repeated' | 'conflict';
}

export interface LogPage {
  /** Newest first. */
  events: (Event & { position: number })[];
  /** Position before which the next page ends, or null when the log has no older events. */
  next: number | null;
}

/** Every method throws HistoryUnavailable when the log can't be reached. */
export interface HistoryLog {
  /**
   * The events are stored durably when this resolves. Throws IdempotencyConflict for a known key with other
   * events.
   */
  append(user: string, events: Event[], key?: string): Promise<Appended>;
  read(user: string): Promise<Snapshot>;
  /** Up to `limit` events before position `before`, or the newest ones when it is null. */
  page(user: string, limit: number, before: number | null): Promise<LogPage>;
  length(user: string): Promise<{ epoch: string; length: number }>;
  /** Deletes the log and its idempotency keys. */
  clear(user: string): Promise<void>;
}

/** The log can't be reached now. */
export class HistoryUnavailable extends Error {
  override readonly name = 'HistoryUnavailable';
}

/** An idempotency key came again with other events than the first time. */
export class IdempotencyConflict extends Error {
  override readonly name = 'IdempotencyConflict';
}

/**
 * What an idempotency key stands for, as text: equal for equal events. Stored logs hold it, so it must not
 * change.
 */
export function contentOf(events: Event[]): string {
  return JSON.stringify(events.map(({ item: id, time: timestamp, type }) => ({ id, timestamp, type })));
}
