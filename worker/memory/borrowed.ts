/**
 * What a new item has of the memory before anything was counted for it, from items with similar texts: it
 * follows them, trained and new ones, and is followed by what follows the trained ones.
 */

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
  /**
   * What all items that are like an item have together of q after it. It is chosen by the lists that it makes
   * (`scripts/build/likeness.ts`): a new item has nothing else to be listed for, so it may be above one.
   */
  followed: number;
}

export const NOTHING_BORROWED: Borrowed = { neighbours: [], like: new Map(), followed: 0 };
