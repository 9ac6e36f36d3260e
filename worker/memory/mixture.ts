/**
 * The decoder's opinion p and the memory's q as one: a product of experts,
 *
 *     P(i) = p(i) ((q(i) + s) / s)^w / Z
 *
 * with the memory's smoothing s and weight w. An item without a counted transition keeps its p; the factor of
 * any other grows with its count. So Z = 1 + the sum of p(i) (factor(i) - 1) over the items with q(i) > 0,
 * which are few.
 */
import type { Memory, Sparse } from './memory.ts';

/** Logs of the factors, of the items for which they are not 0. */
export function boosts(memory: Memory, history: readonly number[]): Sparse {
  const weight = memory.weight(history.length);
  if (weight === 0) return { items: new Int32Array(), values: new Float64Array() };
  const { items, values } = memory.scores(history);
  const { smoothing } = memory.options;
  for (let i = 0; i < values.length; i++) values[i] = weight * Math.log1p(values[i] / smoothing);
  return { items, values };
}

/**
 * log P of every item, from the decoder's log-probabilities. Without a memory they are returned as they are.
 */
export function mixed(logProbs: Float32Array, memory: Memory | undefined, history: readonly number[]) {
  if (memory === undefined) return logProbs;
  const { items, values } = boosts(memory, history);
  let added = 0;
  for (let i = 0; i < items.length; i++) added += Math.exp(logProbs[items[i]]) * Math.expm1(values[i]);
  const logZ = Math.log1p(added);
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
