/** A user's interactions as the rest of the service sees them: an append-only log, the truth. */

export interface Interaction {
  /** Any well-formed id: items may be newer than the model. */
  id: string;
  /** Seconds or milliseconds since 1970, as the caller counts; kept, not interpreted. */
  timestamp?: number;
}

export interface Snapshot {
  /** Names this log. A log that was deleted and begun again has another. Empty while there is no log. */
  epoch: string;
  /** Item ids, oldest first. */
  items: string[];
}

export interface Appended {
  /** Interactions in the log after this append (for a repeated key: after the first). */
  length: number;
  /** `repeated`: the idempotency key was known, nothing was added. `conflict`: known with other items. */
  outcome: 'added' | 'repeated' | 'conflict';
}

export interface LogPage {
  /** Newest first. */
  items: (Interaction & { position: number })[];
  /** Position to go on before, or null at the log's beginning. */
  next: number | null;
}

/** Every method throws HistoryUnavailable when the log can't be reached. */
export interface HistoryLog {
  /** Stored durably when this returns. Throws IdempotencyConflict for a known key with other items. */
  append(user: string, items: Interaction[], key?: string): Promise<Appended>;
  read(user: string): Promise<Snapshot>;
  /** Up to `limit` interactions before `before` (all of them: null). */
  page(user: string, limit: number, before: number | null): Promise<LogPage>;
  length(user: string): Promise<{ epoch: string; length: number }>;
  /** Leaves nothing behind. */
  clear(user: string): Promise<void>;
}

/** The log can't be reached now; nothing was answered from a guess. */
export class HistoryUnavailable extends Error {
  override readonly name = 'HistoryUnavailable';
}

/** An idempotency key came again with other items than the first time. */
export class IdempotencyConflict extends Error {
  override readonly name = 'IdempotencyConflict';
}
