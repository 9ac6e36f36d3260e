/**
 * A user's events as the rest of the service sees them: a log that grows at its end, and from which single
 * events can be taken back. It is the source of truth.
 */
import type { Judged, Served } from '../outcomes/served.ts';
import type { Event } from './event.ts';

/** Events that come with every reading of a log. Someone who comes back brings fewer new ones than these. */
export const TAIL_EVENTS = 64;

/** Events before an append that come back with it, for those who count what came after what. */
export const EVENTS_BEFORE = 10;

/** A log up to its newest event, at one moment. */
export interface Head {
  /**
   * Identifies this log. A log that was deleted and started again has another one. Empty while there is no
   * log.
   */
  epoch: string;
  /** Events that the log has had. The newest one is the event number `total`, the first one is number 1. */
  total: number;
  /** How many of them, the oldest, were removed because they were too old or too many. */
  dropped: number;
  /** Chain digest of the newest event (`chain.ts`). null: it has none, and no state can be told to fit. */
  digest: Uint8Array | null;
}

/** A place in a log that a caller knows: the event of this number has this chain digest. */
export type Known = Pick<Head, 'epoch'> & { position: number; digest: Uint8Array };

/** The newest events of a log, oldest first. */
export interface Tail extends Head {
  /** At least those after the place that the caller knows, if it is one of the log. */
  events: Event[];
  /** Chain digests of the newest events, oldest first, where there are any: also that of a known place. */
  digests: (Uint8Array | null)[];
}

/** A list that the user saw, and the log that it was made of. */
export interface Seen extends Pick<Head, 'epoch' | 'total'> {
  list: Served;
}

/** What became of a list that was to be kept. */
export interface Kept {
  /** Of the user's log now; empty when there is none. */
  epoch: string;
  /** What the user had done by then, if anything. */
  judged?: Judged;
}

/** A part of a log. */
export interface Stretch {
  /** Oldest first. */
  events: Event[];
  /** The chain digest of the event that was asked about. */
  proof: Uint8Array | null;
}

export interface Appended {
  /** Events in the log after this append; for a repeated key, after the first one. */
  length: number;
  /**
   * `repeated`: the idempotency key was known and nothing was added. `conflict`: it was used for other
   * events. `erased`: it was used before the user was deleted, and nothing was added.
   */
  outcome: 'added' | 'repeated' | 'conflict' | 'erased';
  /** What became of the list that the user saw last, if these are the first events since. */
  judged?: Judged;
  /** Where events were added: the newest `EVENTS_BEFORE` before them, oldest first. */
  preceding?: Event[];
}

/** The newest events after an append, and what became of it. */
export type AppendedTail = Tail & Omit<Appended, 'length'>;

/** Which event of a user is meant. Positions are never given to another event of the same log. */
export interface Place {
  position: number;
  /** How the log's epoch begins: a log that was deleted and begun anew gives positions again. */
  log: string;
}

export interface Merged {
  /** Events that this call added. */
  merged: number;
  /** Events in the user's log afterwards. */
  length: number;
}

export interface LogPage {
  /** Empty while there is no log. */
  epoch: string;
  /** Newest first. */
  events: (Event & { position: number })[];
  /** Position before which the next page ends, or null when the log has no older events. */
  next: number | null;
}

/** Every method throws HistoryUnavailable when the log can't be reached. */
export interface HistoryLog {
  /**
   * The events are stored durably when this resolves. Throws IdempotencyConflict for a known key with other
   * events, UserErased for a key from before the user was deleted. `seen`: the list that the user saw last,
   * if these may be the first events since; then it counts in place of the one that was kept.
   */
  append(user: string, events: Event[], key?: string, seen?: Seen): Promise<Appended>;
  /**
   * The newest `TAIL_EVENTS` events, or only those after the place that the caller knows. What this costs
   * does not depend on the log's length.
   */
  tail(user: string, known?: Known): Promise<Tail>;
  /** Appends as `append` does, and returns what `tail` would. */
  appendAndTail(
    user: string,
    events: Event[],
    key?: string,
    known?: Known,
    seen?: Seen,
  ): Promise<AppendedTail>;
  /**
   * The events after the number `after`, which is not below `head.dropped`, up to the head; and the digest of
   * the event with the number `proof`, if it is among them. null when the log no longer has exactly these.
   */
  stretch(user: string, head: Head, after: number, proof: number): Promise<Stretch | null>;
  /** Up to `limit` events before position `before`, or the newest ones when it is null. */
  page(user: string, limit: number, before: number | null): Promise<LogPage>;
  /**
   * Keeps the list that the user saw last until the next append; `head` is that of the log that it was made
   * of. When the user has done something meanwhile, that is what became of the list. A log that was deleted
   * meanwhile keeps none.
   */
  serve(user: string, served: Served, head: Pick<Head, 'epoch' | 'total'>): Promise<Kept>;
  length(user: string): Promise<{ epoch: string; length: number }>;
  /**
   * Removes an event: the log is then one that never had it. Returns whether there was such an event. Throws
   * MergeUnderWay while the log goes into another one.
   */
  takeBack(user: string, place: Place): Promise<boolean>;
  /**
   * Appends the other user's events to the user's, in their order, and deletes the other user. What it has
   * done when it fails it does not do again when it is called again. Throws MergeUnderWay when the other log
   * goes into a third one, UserErased when the user was deleted after a part had come.
   */
  merge(user: string, from: string): Promise<Merged>;
  /** Deletes the log. For a day, requests from before are told from new ones by their keys' digests. */
  clear(user: string): Promise<void>;
}

/** The log is on its way into another user's. */
export class MergeUnderWay extends Error {
  override readonly name = 'MergeUnderWay';
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
