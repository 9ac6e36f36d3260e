import type { Catalogue } from '../catalogue/catalogue.ts';
import { Best } from '../engine/best.ts';
import { type ItemMask, type Ranked, ranked } from '../engine/ranking.ts';
import type { CountsTable } from './counts-table.ts';

/** Events of the training's popularity that are mixed in: a few purchases make no trend. */
const PRIOR_EVENTS = 20;

/**
 * What was taken lately. Only counted items cost memory: of all others, the share follows from the
 * training's.
 */
export class Trending {
  private readonly catalogue: Catalogue;
  private readonly counts: ReadonlyMap<number, number>;
  /** Of all counts, with the prior's. */
  private readonly total: number;

  private constructor(catalogue: Catalogue, counts: ReadonlyMap<number, number>, total: number) {
    this.catalogue = catalogue;
    this.counts = counts;
    this.total = total + PRIOR_EVENTS;
  }

  /** Undefined while nothing was taken. */
  static of({ ids, items }: CountsTable, catalogue: Catalogue): Trending | undefined {
    const counts = new Map<number, number>();
    let total = 0;
    for (const [place, weight] of items.entries()) {
      const item = catalogue.indexOf(ids[place]);
      if (item === undefined) continue;
      counts.set(item, weight);
      total += weight;
    }
    return total === 0 ? undefined : new Trending(catalogue, counts, total);
  }

  /** Log of an item's share of what was taken lately. */
  share(item: number): number {
    const trained = Math.exp(this.catalogue.popularityOf(item));
    return Math.log(((this.counts.get(item) ?? 0) + PRIOR_EVENTS * trained) / this.total);
  }

  /** The `k` allowed items of the largest share plus boost, best first. */
  best(allowed: ItemMask, k: number, boosts?: Float32Array): Ranked[] {
    const best = new Best(k);
    const others = allowed.slice();
    for (const item of this.counts.keys()) {
      if (allowed[item] !== 0) best.offer(item, this.share(item) + (boosts?.[item] ?? 0));
      others[item] = 0;
    }
    for (const { item } of this.catalogue.mostPopular(others, k, boosts)) {
      best.offer(item, this.share(item) + (boosts?.[item] ?? 0));
    }
    return ranked(best);
  }

  /** The n-th largest share. */
  nth(n: number): number {
    return this.best(new Uint8Array(this.catalogue.size).fill(1), n).at(-1)!.score;
  }
}
