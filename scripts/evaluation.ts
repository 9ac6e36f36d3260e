/** What a list is worth: the place of the item that the user took next. */
import type { EarnModel } from '../worker/engine/model.ts';
import type { Case } from './dataset.ts';

export const CUTOFFS = [5, 10, 20];
export type Metrics = Record<string, number>;

/** A held-out case in the model's own item indices. */
interface IndexedCase {
  history: number[];
  target: number;
  /** What must not be listed: all that the user has had, except the target itself. */
  excluded: Set<number>;
}

/** Throws an Error for an item that the model does not know. */
export function indexed(model: EarnModel, { history, target }: Case): IndexedCase {
  const indexOf = (id: string) => {
    const index = model.catalogue.indexOf(id);
    if (index === undefined) throw new Error(`the model does not know item ${id}; is it of this data?`);
    return index;
  };
  const indices = history.map(indexOf);
  const item = indexOf(target);
  const excluded = new Set(indices);
  excluded.delete(item); // had before: still the answer
  return { history: indices, target: item, excluded };
}

/** Place of the target in the model's list, from 0; Infinity when it is not among the first 20. */
export async function modelRank(model: EarnModel, { history, target, excluded }: IndexedCase, beam: number) {
  const { items } = await model.recommend({ history, k: Math.max(...CUTOFFS), excluded, beam });
  const rank = items.findIndex(({ item }) => item === target);
  return rank < 0 ? Infinity : rank;
}

/** Items from the most to the least frequent in these histories; equal ones in the catalogue's order. */
export function byPopularity(model: EarnModel, histories: Iterable<string[]>): number[] {
  const counts = new Float64Array(model.catalogue.items.length);
  for (const history of histories) {
    for (const id of history) {
      const index = model.catalogue.indexOf(id);
      if (index !== undefined) counts[index]++;
    }
  }
  return [...counts.keys()].sort((a, b) => counts[b] - counts[a] || a - b);
}

/** The same place in a list that is the most popular items for everybody. */
export function popularityRank(popular: number[], { target, excluded }: IndexedCase): number {
  let rank = 0;
  for (const item of popular) {
    if (item === target) return rank;
    if (!excluded.has(item)) rank++;
  }
  return Infinity;
}

/** Hit rate and normalised discounted cumulative gain with one relevant item: 1 / log2(rank + 2). */
export function metricsOf(ranks: number[]): Metrics {
  const mean = (gain: (rank: number) => number) =>
    Number((ranks.reduce((sum, rank) => sum + gain(rank), 0) / ranks.length).toFixed(5));
  return Object.fromEntries([
    ...CUTOFFS.map((k) => [`hr@${k}`, mean((rank) => (rank < k ? 1 : 0))]),
    ...CUTOFFS.map((k) => [`ndcg@${k}`, mean((rank) => (rank < k ? 1 / Math.log2(rank + 2) : 0))]),
  ]);
}
