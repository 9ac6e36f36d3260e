import type { Catalogue } from '../catalogue/catalogue.ts';
import type { CountsSnapshot } from './counts.ts';

/** Events of the training's popularity that are mixed in: a few purchases make no trend. */
const PRIOR_EVENTS = 20;

/** Log of each item's share of what was taken lately; undefined while nothing was. */
export function trendingShares({ items }: CountsSnapshot, catalogue: Catalogue): Float64Array | undefined {
  const counts = new Float64Array(catalogue.items.length);
  let total = 0;
  for (const [id, weight] of items) {
    const item = catalogue.indexOf(id);
    if (item === undefined) continue;
    counts[item] = weight;
    total += weight;
  }
  if (total === 0) return undefined;
  return catalogue.popularity.map((share, item) =>
    Math.log((counts[item] + PRIOR_EVENTS * Math.exp(share)) / (total + PRIOR_EVENTS)),
  );
}
