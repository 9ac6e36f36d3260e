/**
 * The best items of a coded table after a state, without looking at all of them: the cells whose code vectors
 * agree most with the state come first, and a share of the items is looked at (an inverted file: Jégou, Douze
 * and Schmid, PAMI 2011). With a share of 1 nothing is missed.
 */
import { Best } from './best.ts';
import type { CodedTable } from './coded-table.ts';
import { type ItemMask, type Ranked, ranked } from './ranking.ts';
import { dot } from './vectors.ts';

/** Share of a large catalogue that is looked at. docs/scale.md says what it misses. */
export const LOOKED_AT = 1 / 8;
/** So many items are always looked at. */
const LEAST_LOOKED_AT = 20_000;
/** Of the items that are not looked at, one of so many is, to estimate what all probabilities sum to. */
const SAMPLED = 64;

export interface CodedQuery {
  /** The vector that items are multiplied with: a final state. */
  vector: Float32Array;
  k: number;
  allowed: ItemMask;
  /** Logs of the memory's factors, by item. All of these items are looked at. */
  factors?: ReadonlyMap<number, number>;
  /** Added to every score, [items]: what rules boost and bury. With these all items are looked at. */
  boosts?: Float32Array;
  /** Vectors of items that came after the training; their indices follow. */
  added?: readonly Float32Array[];
  /** Share of the items that is looked at, and how many at least. */
  share?: number;
  least?: number;
}

/**
 * The best allowed items: log-probabilities, as `mixed` makes them, plus boosts. There are fewer than `k`
 * only when no more are allowed.
 */
export function codedSearch(table: CodedTable, query: CodedQuery): Ranked[] {
  const { vector, k, allowed, factors = new Map(), boosts, added = [] } = query;
  const { share = LOOKED_AT, least = LEAST_LOOKED_AT } = query;
  const { cells, items } = table;
  const products = table.products(vector);
  const best = new Best(k);
  const all = new ExpSum();
  let more = -Infinity; // log of what factors add to the sum
  /** An item by itself: of the memory, or new. */
  const offer = (item: number, logit: number) => {
    const factor = factors.get(item) ?? 0;
    more = logAdd(more, logit + Math.log(Math.max(0, Math.expm1(factor))));
    if (allowed[item] !== 0) best.offer(item, logit + factor + (boosts?.[item] ?? 0));
  };
  for (const item of factors.keys()) if (item < items) offer(item, table.product(products, item));
  for (const [at, other] of added.entries()) {
    const logit = dot(vector, other);
    all.add(logit, 1);
    offer(items + at, logit);
  }
  const most = boosts ? items : Math.max(least, share * items);
  let seen = 0;
  for (const cell of table.cellsByProduct(products)) {
    const [from, to] = [cells[cell], cells[cell + 1]];
    if (seen >= most && best.count === k) {
      for (let item = from; item < to; item += SAMPLED) {
        all.add(table.product(products, item), Math.min(SAMPLED, to - item));
      }
      continue;
    }
    seen += to - from;
    for (let item = from; item < to; item++) {
      const logit = table.product(products, item);
      all.add(logit, 1);
      const score = boosts ? logit + boosts[item] : logit;
      if (score > best.worst && allowed[item] !== 0 && !factors.has(item)) best.offer(item, score);
    }
  }
  const logZ = logAdd(all.log(), more);
  return ranked(best).map(({ item, score }) => ({ item, score: score - logZ }));
}

function logAdd(a: number, b: number): number {
  const [high, low] = a > b ? [a, b] : [b, a];
  return low === -Infinity ? high : high + Math.log1p(Math.exp(low - high));
}

/** Buckets per unit of a logit: the sum is right to .1 %. */
const BUCKETS_PER_UNIT = 8;
/** Logits further from the first one than half of the buckets count as if they were there. */
const BUCKETS = 2048;

/** A sum of exponentials, without an exponential per item. */
class ExpSum {
  private readonly counts = new Float64Array(BUCKETS);
  private first: number | undefined;

  add(value: number, weight: number): void {
    this.first ??= value;
    const bucket = Math.floor((value - this.first) * BUCKETS_PER_UNIT) + BUCKETS / 2;
    this.counts[Math.max(0, Math.min(BUCKETS - 1, bucket))] += weight;
  }

  log(): number {
    let sum = -Infinity;
    for (const [bucket, count] of this.counts.entries()) {
      const middle = this.first! + (bucket - BUCKETS / 2 + 0.5) / BUCKETS_PER_UNIT;
      if (count > 0) sum = logAdd(sum, middle + Math.log(count));
    }
    return sum;
  }
}
