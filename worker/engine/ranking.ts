/** Lists of items: which may be in one, and the best of those that have a score each. */
import { Best } from './best.ts';

/** Which items a list may hold: a byte an item, 1 or 0. */
export type ItemMask = Uint8Array;

/** An item and what speaks for it; higher is better. */
export interface Ranked {
  item: number;
  score: number;
}

/** The `k` best of the allowed items by their `scores` (one an item), best first; of equal ones the first in the catalogue. */
export function bestItems(scores: ArrayLike<number>, allowed: ItemMask, k: number): Ranked[] {
  const best = new Best(k);
  for (let item = 0; item < scores.length; item++) if (allowed[item] !== 0) best.offer(item, scores[item]);
  return ranked(best);
}

/** What was kept, as a list of items. */
export function ranked({ ids, scores, count }: Best): Ranked[] {
  return Array.from({ length: count }, (_, place) => ({ item: ids[place], score: scores[place] }));
}
