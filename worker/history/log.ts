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
   * events. `erased`: it was used before the user was deleted, and nothing was added.
   */
  outcome: 'added' | 'repeated' | 'conflict' | 'erased';
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
   * events, UserErased for a key from before the user was deleted.
   */
  append(user: string, events: Event[], key?: string): Promise<Appended>;
  read(user: string): Promise<Snapshot>;
  /** Up to `limit` events before position `before`, or the newest ones when it is null. */
  page(user: string, limit: number, before: number | null): Promise<LogPage>;
  length(user: string): Promise<{ epoch: string; length: number }>;
  /** Deletes the log. For a day, requests from before are told from new ones by their keys' digests. */
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

/** An idempotency key came again that was used before the user was deleted: the request is an old one. */
export class UserErased extends Error {
  override readonly name = 'UserErased';
}
