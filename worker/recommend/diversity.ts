/**
 * Less of the same: maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998). Each place of the list
 * goes to the item with the best sum of its own score and its distance to what stands above it.
 */
import type { Ranked } from '../engine/ranking.ts';
import { dot, lengthOf } from '../engine/vectors.ts';
import type { Model } from '../models/model.ts';

/** The best items, among which places are given anew. */
export const CANDIDATES = 200;

/**
 * The first `k` of the ranked items, best first, in their new order. With `diversity` 0 it is the old one;
 * with 1 scores don't count. The first `fixed` items keep their places.
 */
export function diversified(
  model: Model,
  ranked: readonly Ranked[],
  { k, diversity, fixed }: { k: number; diversity: number; fixed: number },
): Ranked[] {
  const vectors = unitVectors(model, ranked);
  const relevance = zeroToOne(ranked.map(({ score }) => score));
  const left = new Set(ranked.keys());
  /** Of each item, the largest cosine with one that has a place. */
  const nearest = new Float64Array(ranked.length).fill(-1);
  const list: Ranked[] = [];
  while (list.length < Math.min(k, ranked.length)) {
    let best = list.length;
    if (list.length >= fixed) {
      let highest = -Infinity;
      for (const place of left) {
        const value = (1 - diversity) * relevance[place] - diversity * nearest[place];
        if (value > highest) [best, highest] = [place, value];
      }
    }
    left.delete(best);
    list.push(ranked[best]);
    for (const place of left) {
      nearest[place] = Math.max(nearest[place], dot(vectors[place], vectors[best]));
    }
  }
  return list;
}

/** The items' vectors, of length 1. */
export function unitVectors(model: Model, ranked: readonly Ranked[]): Float32Array[] {
  const table = model.itemTable();
  const rows = table.rows(ranked.map(({ item }) => item));
  return ranked.map((_, at) => {
    const row = rows.subarray(at * table.width, (at + 1) * table.width);
    const length = lengthOf(row);
    return row.map((x) => x / length);
  });
}

function zeroToOne(scores: number[]): number[] {
  const least = scores.reduce((a, b) => Math.min(a, b), Infinity);
  const range = scores.reduce((a, b) => Math.max(a, b), -Infinity) - least || 1;
  return scores.map((score) => (score - least) / range);
}
