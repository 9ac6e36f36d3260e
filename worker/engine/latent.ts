/** The latent decoder (L2D, arXiv 2509.11524): items in the order of S's final state against their vectors. */
import type { Ranked } from './beam-search.ts';

/**
 * The `k` best items that are not excluded, best first, equal ones in the catalogue's order; fewer only when there are
 * no more. `logProbs` [items].
 */
export function bestItems(logProbs: Float32Array, k: number, excluded: ReadonlySet<number>): Ranked[] {
  const best: Ranked[] = [];
  for (const [item, score] of logProbs.entries()) {
    if ((best.length === k && score <= best[k - 1].score) || excluded.has(item)) continue;
    let place = best.length;
    while (place > 0 && best[place - 1].score < score) place--;
    best.splice(place, 0, { item, score });
    if (best.length > k) best.pop();
  }
  return best;
}
