/** Lists of items: which may be in one, and the best of those that have a score each. */

/** Which items a list may hold: a byte an item, 1 or 0. */
export type ItemMask = Uint8Array;

/** An item and what speaks for it; higher is better. */
export interface Ranked {
  item: number;
  score: number;
}

/** The `k` best of the allowed items by their `scores` (one an item), best first; of equal ones the first in the catalogue. */
export function bestItems(scores: ArrayLike<number>, allowed: ItemMask, k: number): Ranked[] {
  const best: Ranked[] = [];
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item];
    if (allowed[item] === 0 || (best.length === k && score <= best[k - 1].score)) continue;
    if (best.length === k) best.pop();
    let place = best.length;
    while (place > 0 && best[place - 1].score < score) place--;
    best.splice(place, 0, { item, score });
  }
  return best;
}
