/** The memory as its definition says it, with dense arrays: what the fast one is compared with. */
import type { Memory, MemoryOptions } from '../../worker/memory/memory.ts';
import { eachBoost } from '../../worker/memory/mixture.ts';

/** The boosts of a memory as arrays. */
export function boostsOf(memory: Memory, history: readonly number[]) {
  const [items, values]: [number[], number[]] = [[], []];
  eachBoost(memory, history, (item, boost) => {
    items.push(item);
    values.push(boost);
  });
  return { items, values };
}

/** Probabilities of each item's successors, [items][items]. */
export type Matrix = number[][];

/** q of every item after the history. */
export function denseScores(
  rows: Matrix,
  history: readonly number[],
  { newest, decay }: MemoryOptions,
): number[] {
  const q = rows.map(() => 0);
  let total = 0;
  for (let back = 0; back < newest && back < history.length; back++) total += decay ** back;
  for (let back = 0; back < newest && back < history.length; back++) {
    const row = rows[history[history.length - 1 - back]];
    for (const [item, probability] of row.entries()) q[item] += (decay ** back / total) * probability;
  }
  return q;
}

/** The weight after so many items: a line between the two powers of two around it. */
export function weightAt(weights: readonly number[], length: number): number {
  for (let knot = 0; knot + 1 < weights.length; knot++) {
    const [from, to] = [2 ** knot, 2 ** (knot + 1)];
    if (length > to) continue;
    const share = Math.log(length / from) / Math.log(2);
    return weights[knot] * (1 - share) + weights[knot + 1] * share;
  }
  return weights[weights.length - 1];
}

/** P(i) = p(i) ((q(i) + s) / s)^w / Z of every item, Z summed over all. */
export function denseMixture(
  p: readonly number[],
  rows: Matrix,
  history: readonly number[],
  options: MemoryOptions,
): number[] {
  const q = denseScores(rows, history, options);
  const w = weightAt(options.weights, history.length);
  const products = p.map((each, item) => each * ((q[item] + options.smoothing) / options.smoothing) ** w);
  const z = products.reduce((sum, each) => sum + each, 0);
  return products.map((each) => each / z);
}
