/** What leaves the users' logs for an export, one line of JSON each. */

/** An event as it was stored. `user`, `epoch` and `position` name it: one that comes twice is the same. */
export interface EventRecord {
  user: string;
  /** Names the log (`logOf`): a user who was deleted and comes back has another one. */
  epoch: string;
  position: number;
  item: string;
  /** As the caller gave it. */
  time?: number;
  type?: string;
  /** When it was stored, in milliseconds since 1970. */
  stored: number;
}

/** The event was taken back: it is to be forgotten, whether or not it has left before. */
export interface TakenBackRecord {
  user: string;
  epoch: string;
  position: number;
  taken_back: true;
}

/** The user was deleted: what came from this log is to be forgotten. */
export interface ErasedRecord {
  user: string;
  epoch: string;
  erased: true;
}

export type OutboxRecord = EventRecord | TakenBackRecord | ErasedRecord;
