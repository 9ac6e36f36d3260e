import type { Catalogue } from '../catalogue/catalogue.ts';
import type { CountsTable } from './counts-table.ts';

/** Events of the training's popularity that are mixed in: a few purchases make no trend. */
const PRIOR_EVENTS = 20;

/** Log of each item's share of what was taken lately; undefined while nothing was. */
export function trendingShares({ ids, items }: CountsTable, catalogue: Catalogue): Float64Array | undefined {
  const counts = new Float64Array(catalogue.items.length);
  let total = 0;
  for (const [place, weight] of items.entries()) {
    const item = catalogue.indexOf(ids[place]);
    if (item === undefined) continue;
    counts[item] = weight;
    total += weight;
  }
  if (total === 0) return undefined;
  return catalogue.popularity.map((share, item) =>
    Math.log((counts[item] + PRIOR_EVENTS * Math.exp(share)) / (total + PRIOR_EVENTS)),
  );
}
