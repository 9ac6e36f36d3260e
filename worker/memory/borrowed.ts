/**
 * What a new item has of the memory before anything was counted for it, from items with similar texts: it
 * follows them, trained and new ones, and is followed by what follows the trained ones.
 */

/**
 * How much more a new item follows what it is like than trained items do: it has nothing else to be listed
 * for. Chosen on validation of two catalogues (docs/log.md).
 */
export const LIFT = 30;

/** Trained items that are like a new one. */
export interface Neighbours {
  /** Indices, the nearest first. */
  items: number[];
  /** How much each of them counts, with a sum of one. */
  shares: number[];
}

/** A new item that is like another item. */
export interface Like {
  item: number;
  /** How much of what is like the other item it is, from 0 to 1. */
  part: number;
}

export interface Borrowed {
  /** Of each new item, in the order of the catalogue. */
  neighbours: readonly Neighbours[];
  /** By item, trained or new. */
  like: ReadonlyMap<number, readonly Like[]>;
  /** The probability, lifted, that an item is followed by one that is like it: all that are share it. */
  followed: number;
}

export const NOTHING_BORROWED: Borrowed = { neighbours: [], like: new Map(), followed: 0 };
