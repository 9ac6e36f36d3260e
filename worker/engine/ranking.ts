/** Lists of items: which items may be in one, and the best of them by score. */
import { Best } from './best.ts';

/** Which items a list may hold: one byte per item, 1 or 0. */
export type ItemMask = Uint8Array;

/** An item and its score; higher is better. */
export interface Ranked {
  item: number;
  score: number;
}

/**
 * The `k` allowed items with the highest scores (one per item), best first. Equal ones stand in the
 * catalogue's order.
 */
export function bestItems(scores: ArrayLike<number>, allowed: ItemMask, k: number): Ranked[] {
  const best = new Best(k);
  for (let item = 0; item < scores.length; item++) if (allowed[item] !== 0) best.offer(item, scores[item]);
  return ranked(best);
}

/** The candidates that were kept, as a list of items. */
export function ranked({ ids, scores, count }: Best): Ranked[] {
  return Array.from({ length: count }, (_, place) => ({ item: ids[place], score: scores[place] }));
}

/** Log-probabilities of logits, in their place. */
export function logSoftmax(logits: Float32Array): Float32Array {
  let largest = -Infinity;
  for (const logit of logits) if (logit > largest) largest = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  const logZ = largest + Math.log(sum);
  for (let item = 0; item < logits.length; item++) logits[item] -= logZ;
  return logits;
}
