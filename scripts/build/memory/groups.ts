import type { FitCase } from './fit.ts';

/** Items of nearly the same log-probability, which count with their mean. */
export interface Groups {
  values: Float64Array;
  counts: Float64Array;
}

/** A sum of powers is off by a^2 WIDTH^2 / 24 of itself: by less than a chance of the cases is. */
const WIDTH = 0.05;
const known = new WeakMap<FitCase, Groups>();

/** Of the items that a list may hold. They are some hundred, where items may be ten thousands. */
export function groupsOf(one: FitCase): Groups {
  const found = known.get(one);
  if (found) return found;
  const { logProbs, allowed } = one;
  let [least, most] = [Infinity, -Infinity];
  for (let item = 0; item < logProbs.length; item++) {
    if (allowed[item] === 0) continue;
    if (logProbs[item] < least) least = logProbs[item];
    if (logProbs[item] > most) most = logProbs[item];
  }
  const size = 1 + Math.floor(Math.max(0, most - least) / WIDTH);
  const [values, counts] = [new Float64Array(size), new Float64Array(size)];
  for (let item = 0; item < logProbs.length; item++) {
    if (allowed[item] === 0) continue;
    const group = Math.floor((logProbs[item] - least) / WIDTH);
    values[group] += logProbs[item];
    counts[group]++;
  }
  const filled = [...counts.keys()].filter((group) => counts[group] > 0);
  const groups = {
    values: Float64Array.from(filled, (group) => values[group] / counts[group]),
    counts: Float64Array.from(filled, (group) => counts[group]),
  };
  known.set(one, groups);
  return groups;
}
