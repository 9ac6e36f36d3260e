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

/** What a list may be made by. */
export type MemoryPart = 'all' | 'transitions';

/** Visits the items whose factor is not 1, with its log: thousands, so no arrays are made of them. */
export function eachBoost(
  memory: Memory,
  history: readonly number[],
  visit: (item: number, boost: number) => void,
): void {
  const { sums, affinities, options } = memory;
  const weight = memory.weight(history.length);
  if (weight > 0) {
    memory.addScores(history);
    sums.replace((q) => weight * Math.log1p(q / options.smoothing));
  }
  const ofAffinities = affinities?.weight(history.length) ?? 0;
  if (ofAffinities > 0) affinities!.addTo(sums, history, ofAffinities);
  sums.drain(visit);
}

/**
 * Of each of these items, the items of the history, at most `most`, that add most to its boost, the strongest
 * first; none where nothing does. A sum of transitions stands inside of a logarithm, which is shared as the
 * sum is.
 */
export function reasons(
  memory: Memory,
  history: readonly number[],
  listed: readonly number[],
  most: number,
  of: MemoryPart = 'all',
): number[][] {
  const weight = memory.weight(history.length);
  const ofTransitions = memory.shares(history);
  const affinities = of === 'all' ? memory.affinities : undefined;
  const affinity = affinities?.weight(history.length) ?? 0;
  const added = listed.map(() => new Map<number, number>());
  const add = (place: number, reason: number, share: number) =>
    added[place].set(reason, (added[place].get(reason) ?? 0) + share);
  for (const [place, item] of listed.entries()) {
    const counted = ofTransitions(item);
    const q = counted.reduce((sum, { share }) => sum + share, 0);
    const boost = q > 0 ? (weight * Math.log1p(q / memory.options.smoothing)) / q : 0;
    for (const { item: reason, share } of counted) add(place, reason, boost * share);
  }
  if (affinity > 0) {
    affinities!.eachShare(history, listed, (place, reason, share) => add(place, reason, affinity * share));
  }
  return added.map((shares) =>
    [...shares]
      .filter(([, share]) => share > 0)
      .sort(([, a], [, b]) => b - a) // stable: of equal ones the newer comes first
      .slice(0, most)
      .map(([reason]) => reason),
  );
}

/**
 * log P of every item, from the decoder's log-probabilities. Without a memory they are returned as they are.
 */
export function mixed(logProbs: Float32Array, memory: Memory | undefined, history: readonly number[]) {
  if (memory === undefined) return logProbs;
  const result = logProbs.slice();
  let more = 0;
  eachBoost(memory, history, (item, boost) => {
    const score = logProbs[item] + boost;
    more += Math.exp(score) - Math.exp(logProbs[item]);
    result[item] = score;
  });
  const logZ = Math.log1p(more);
  for (let item = 0; item < result.length; item++) result[item] -= logZ;
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
    eachBoost(memory, history, (item, boost) => {
      result[item] += boost;
    });
  }
  let largest = -Infinity;
  for (let item = 0; item < items; item++) if (result[item] > largest) largest = result[item];
  for (let item = 0; item < items; item++) result[item] -= largest;
  return result;
}
