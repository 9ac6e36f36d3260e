/**
 * The memory of transitions: what followed what in the training data, counted. The decoder's weights
 * generalise; the memory knows single pairs of items, also those that were too rare to train on.
 */

import { probabilityOf, readTransitions, type Transitions } from './layout.ts';
import { type LiveRows, NO_ROWS, rowOf } from './live-rows.ts';

/** How counts become scores; fitted on validation (`scripts/build/memory`). */
export interface MemoryOptions {
  /** Newest items of a history whose successors count. */
  newest: number;
  /** Each of them weighs this much of the one after it. */
  decay: number;
  /** The probability that counts as nothing to go by: q = `smoothing` doubles the boost's base. */
  smoothing: number;
  /**
   * Weight of the memory beside the decoder by length of the history: at 1, 2, 4, 8 and so on items, linear
   * in the logarithm between them. The last one holds for all longer histories.
   */
  weights: number[];
}

/** A number for some items; all others have 0. */
export interface Sparse {
  /** Item indices, each once. */
  items: Int32Array;
  values: Float64Array;
}

export class Memory {
  readonly options: MemoryOptions;
  private readonly transitions: Transitions;
  /** [items], all zeros between calls. */
  private readonly sums: Float64Array;
  /** What was counted since the training. */
  private readonly live: LiveRows;

  /** `file` as `layout.ts` says; it is not copied. @throws {RangeError} when it is of another size */
  constructor(file: Uint8Array<ArrayBuffer>, items: number, options: MemoryOptions);
  constructor(trained: Transitions, items: number, options: MemoryOptions, live: LiveRows);
  constructor(
    trained: Uint8Array<ArrayBuffer> | Transitions,
    items: number,
    options: MemoryOptions,
    live: LiveRows = NO_ROWS,
  ) {
    this.transitions = trained instanceof Uint8Array ? readTransitions(trained, items) : trained;
    this.options = options;
    this.sums = new Float64Array(items);
    this.live = live;
  }

  /** The same memory with what was counted since, for so many items: the trained ones come first. */
  extended(items: number, live: LiveRows): Memory {
    return new Memory(this.transitions, items, this.options, live);
  }

  /**
   * q, the counted probability of each item as the next one after this history (indices, oldest first): the
   * mean of the newest items' rows, weighted by recency. What is missing to a sum of one belongs to
   * successors that the table leaves out.
   */
  scores(history: readonly number[]): Sparse {
    const { sums } = this;
    const items: number[] = [];
    for (const { item, weight } of this.recent(history)) {
      this.eachSuccessor(item, (successor, probability) => {
        if (sums[successor] === 0) items.push(successor);
        sums[successor] += weight * probability;
      });
    }
    const count = items.length;
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      values[i] = sums[items[i]];
      sums[items[i]] = 0;
    }
    return { items: Int32Array.from(items), values };
  }

  /** The items of the history, at most `most`, that contribute most to an item's score; none when it is 0. */
  because(history: readonly number[], successor: number, most: number): number[] {
    const shares = new Map<number, number>();
    for (const { item, weight } of this.recent(history)) {
      const share = weight * this.probability(item, successor);
      if (share > 0) shares.set(item, (shares.get(item) ?? 0) + share);
    }
    const ordered = [...shares].sort(([, a], [, b]) => b - a); // stable: of equal ones the newer comes first
    return ordered.slice(0, most).map(([item]) => item);
  }

  /** How much the memory counts beside the decoder after so many items. */
  weight(length: number): number {
    const { weights } = this.options;
    const place = Math.min(Math.log2(Math.max(1, length)), weights.length - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, weights.length - 1);
    return weights[below] + (place - below) * (weights[above] - weights[below]);
  }

  /** The newest items, newest first, with weights that sum to one. */
  private recent(history: readonly number[]): { item: number; weight: number }[] {
    const { newest, decay } = this.options;
    const items = history.slice(-newest).reverse();
    const powers = items.map((_, place) => decay ** place);
    const total = powers.reduce((sum, power) => sum + power, 0);
    return items.map((item, place) => ({ item, weight: powers[place] / total }));
  }

  /** The successors of an item; one may come twice, and its probability is the sum. */
  private eachSuccessor(item: number, visit: (successor: number, probability: number) => void): void {
    const { starts, successors, probabilities } = this.transitions;
    const { live } = this;
    const row = rowOf(live, item);
    const kept = row < 0 ? 1 : live.kept[row];
    // An item that came later has no trained row: its start lies behind the array.
    for (let at = starts[item]; at < starts[item + 1]; at++) {
      visit(successors[at], kept * probabilityOf(probabilities[at]));
    }
    if (row < 0) return;
    for (let at = live.starts[row]; at < live.starts[row + 1]; at++) {
      visit(live.successors[at], live.probabilities[at]);
    }
  }

  /** Of one transition. */
  private probability(item: number, successor: number): number {
    const { live } = this;
    const trained = this.trainedProbability(item, successor);
    const row = rowOf(live, item);
    if (row < 0) return trained;
    const place = live.successors.subarray(0, live.starts[row + 1]).indexOf(successor, live.starts[row]);
    return live.kept[row] * trained + (place < 0 ? 0 : live.probabilities[place]);
  }

  /** By binary search. */
  private trainedProbability(item: number, successor: number): number {
    const { starts, successors, probabilities } = this.transitions;
    if (item + 1 >= starts.length) return 0;
    let [low, high] = [starts[item], starts[item + 1]];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (successors[middle] < successor) low = middle + 1;
      else high = middle;
    }
    const found = low < starts[item + 1] && successors[low] === successor;
    return found ? probabilityOf(probabilities[low]) : 0;
  }
}
