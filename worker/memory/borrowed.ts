/**
 * What a new item has of the memory before anything was counted for it: the transitions of trained items with
 * similar texts. It is followed by what follows them, and follows what they follow.
 */
import type { Neighbours } from '../text/neighbours.ts';

/**
 * How many times the mean of its neighbours' probabilities a new item has: a mean of several items' rows is
 * flatter than the row that one item would have. Chosen on validation (docs/log.md).
 */
export const LIFT = 1.5;

export interface Borrowed {
  /** Of each new item, in the order of the catalogue. */
  neighbours: readonly Neighbours[];
  /** By trained item, the new ones that borrow from it, and how much. */
  borrowers: ReadonlyMap<number, { item: number; share: number }[]>;
}

export const NOTHING_BORROWED: Borrowed = { neighbours: [], borrowers: new Map() };

/** `trained`: how many trained items there are; the new ones follow. */
export function borrowed(neighbours: readonly Neighbours[], trained: number): Borrowed {
  const borrowers = new Map<number, { item: number; share: number }[]>();
  for (const [at, { items, shares }] of neighbours.entries()) {
    for (const [place, neighbour] of items.entries()) {
      const all = borrowers.get(neighbour) ?? [];
      borrowers.set(neighbour, all);
      all.push({ item: trained + at, share: shares[place] });
    }
  }
  return { neighbours, borrowers };
}
