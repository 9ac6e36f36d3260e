/**
 * The decoder's opinion p, the memory's q and its affinities r as one: a product of experts,
 *
 *     P(i) = p(i) ((q(i) + s) / s)^w exp(v r(i)) / Z
 *
 * with the memory's smoothing s and weights w and v, which depend on the length of the history. An item
 * without a counted transition or affinity keeps its p. So Z = 1 + the sum of p(i) (factor(i) - 1) over the
 * other items, which are few.
 */
import type { Memory } from './memory.ts';
import type { Sparse } from './sparse.ts';

/** What a list may be made by. */
export type MemoryPart = 'all' | 'transitions';

/** Logs of the factors, of the items for which they are not 0. */
export function boosts(memory: Memory, history: readonly number[]): Sparse {
  const { sums, affinities, options } = memory;
  const weight = memory.weight(history.length);
  if (weight > 0) {
    const { items, values } = memory.scores(history);
    for (let i = 0; i < items.length; i++) {
      sums.add(items[i], weight * Math.log1p(values[i] / options.smoothing));
    }
  }
  const ofAffinities = affinities?.weight(history.length) ?? 0;
  if (ofAffinities > 0) affinities!.addTo(sums, history, ofAffinities);
  return sums.take();
}

/**
 * Of an item, the items of the history, at most `most`, that add most to its boost, the strongest first; none
 * where nothing does. A sum of transitions stands inside of a logarithm, which is shared as the sum is.
 */
export function reasons(
  memory: Memory,
  history: readonly number[],
  most: number,
  of: MemoryPart = 'all',
): (item: number) => number[] {
  const weight = memory.weight(history.length);
  const ofTransitions = memory.shares(history);
  const affinities = of === 'all' ? memory.affinities : undefined;
  const affinity = affinities?.weight(history.length) ?? 0;
  const ofAffinities = affinity > 0 ? affinities!.shares(history) : () => [];
  return (item) => {
    const added = new Map<number, number>();
    const add = (reason: number, share: number) => added.set(reason, (added.get(reason) ?? 0) + share);
    const counted = ofTransitions(item);
    const q = counted.reduce((sum, { share }) => sum + share, 0);
    const boost = q > 0 ? (weight * Math.log1p(q / memory.options.smoothing)) / q : 0;
    for (const { item: reason, share } of counted) add(reason, boost * share);
    for (const { item: reason, share } of ofAffinities(item)) add(reason, affinity * share);
    return [...added]
      .filter(([, share]) => share > 0)
      .sort(([, a], [, b]) => b - a) // stable: of equal ones the newer comes first
      .slice(0, most)
      .map(([reason]) => reason);
  };
}

/**
 * log P of every item, from the decoder's log-probabilities. Without a memory they are returned as they are.
 */
export function mixed(logProbs: Float32Array, memory: Memory | undefined, history: readonly number[]) {
  if (memory === undefined) return logProbs;
  const { items, values } = boosts(memory, history);
  let more = 0;
  for (let i = 0; i < items.length; i++) more += Math.exp(logProbs[items[i]]) * Math.expm1(values[i]);
  const logZ = Math.log1p(more);
  const result = new Float32Array(logProbs.length);
  for (let item = 0; item < result.length; item++) result[item] = logProbs[item] - logZ;
  for (let i = 0; i < items.length; i++) result[items[i]] = logProbs[items[i]] + values[i] - logZ;
  return result;
}

/**
 * The factors alone, for a search that adds them to its own log-probabilities: their logs minus the largest,
 * so that none is above 0. `more` is added to them, [items]. undefined without a memory and more.
 */
export function bonus(
  memory: Memory | undefined,
  history: readonly number[],
  items: number,
  more?: Float32Array,
): Float32Array | undefined {
  if (memory === undefined && more === undefined) return undefined;
  const result = more?.slice() ?? new Float32Array(items);
  if (memory !== undefined) {
    const { items: boosted, values } = boosts(memory, history);
    for (let i = 0; i < boosted.length; i++) result[boosted[i]] += values[i];
  }
  const largest = result.reduce((most, value) => Math.max(most, value), -Infinity);
  for (let item = 0; item < items; item++) result[item] -= largest;
  return result;
}
