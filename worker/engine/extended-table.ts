/** A model's item table with rows that were appended after the training. */
import type { ItemTable } from './item-table.ts';
import { bestItems, type ItemMask, type Ranked } from './ranking.ts';
import { dot, lengthOf } from './vectors.ts';

export class ExtendedTable implements ItemTable {
  readonly width: number;
  private readonly trained: ItemTable;
  /** Items of `trained`; the appended ones follow. */
  private readonly count: number;
  private readonly added: readonly Float32Array[];

  constructor(trained: ItemTable, count: number, added: readonly Float32Array[]) {
    this.trained = trained;
    this.width = trained.width;
    this.count = count;
    this.added = added;
  }

  rows(items: readonly number[]): Float32Array {
    const { width, count } = this;
    if (items.every((item) => item < count)) return this.trained.rows(items);
    const rows = this.trained.rows(items.map((item) => (item < count ? item : 0)));
    for (const [at, item] of items.entries())
      if (item >= count) rows.set(this.added[item - count], at * width);
    return rows;
  }

  cosines(vector: Float32Array): Float64Array {
    const own = lengthOf(vector);
    const added = this.added.map((other) => dot(vector, other) / (own * lengthOf(other)));
    return Float64Array.from([...this.trained.cosines(vector), ...added]);
  }

  nearest(item: number, allowed: ItemMask, k: number): Ranked[] {
    const others = allowed.slice();
    others[item] = 0;
    return bestItems(this.cosines(this.rows([item])), others, k);
  }

  /**
   * The log-probabilities of all items, given those of the trained ones after a state. The softmax's constant
   * follows from the trained item that is most likely, and all sum to one again.
   */
  extended(logProbs: Float32Array, state: Float32Array): Float32Array {
    let best = 0;
    for (let item = 1; item < logProbs.length; item++) if (logProbs[item] > logProbs[best]) best = item;
    const constant = dot(state, this.trained.rows([best])) - logProbs[best];
    const { count, added } = this;
    const result = new Float32Array(count + added.length);
    result.set(logProbs);
    let sum = 0;
    for (let at = 0; at < added.length; at++) {
      const logProb = dot(state, added[at]) - constant;
      result[count + at] = logProb;
      sum += Math.exp(logProb);
    }
    const shift = Math.log1p(sum);
    for (let item = 0; item < result.length; item++) result[item] -= shift;
    return result;
  }
}
