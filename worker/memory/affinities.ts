/**
 * The memory of affinities: which items go together in users' histories, whatever their order and however far
 * apart. It is a sparse EASE^R (Steck, WWW 2019): an item's score is the sum of its weights with the items of
 * the history. Where transitions know the next step, affinities know the taste.
 */
import { type AffinityRows, readAffinities } from './affinity-layout.ts';
import type { SparseSums } from './sparse.ts';
import { weightAfter } from './weight.ts';

export interface AffinityOptions {
  /** Newest different items of a history that count. */
  newest: number;
  /** Each of them weighs this much of the one after it. */
  decay: number;
  /** Of the sum beside the decoder's log-probability, by length of the history: `weightAfter`. */
  weights: number[];
}

/** What an item of the history adds to a sum. */
export interface Share {
  item: number;
  share: number;
}

export class Affinities {
  readonly options: AffinityOptions;
  private readonly rows: AffinityRows;

  /** `file` as `affinity-layout.ts` says; not copied. @throws {RangeError} when it is of another size */
  constructor(file: Uint8Array<ArrayBuffer>, items: number, options: AffinityOptions) {
    this.rows = readAffinities(file, items);
    this.options = options;
  }

  /** Adds `factor` times each item's sum of affinities with the history (indices, oldest first). */
  addTo(sums: SparseSums, history: readonly number[], factor: number): void {
    const { starts, items, weights, scales } = this.rows;
    for (const { item, share } of this.counted(history)) {
      const scale = factor * share * scales[item];
      for (let at = starts[item]; at < starts[item + 1]; at++) sums.add(items[at], scale * weights[at]);
    }
  }

  /** Visits what each item of the history, newest first, adds to the scores of these; `place`: of which. */
  eachShare(
    history: readonly number[],
    of: readonly number[],
    visit: (place: number, item: number, share: number) => void,
  ): void {
    const { starts, items, weights, scales } = this.rows;
    // Every row is looked through once, whatever the number of items that are asked about.
    const places = new Uint16Array(scales.length);
    for (const [place, item] of of.entries()) places[item] = place + 1;
    for (const { item, share } of this.counted(history)) {
      const scale = share * scales[item];
      for (let at = starts[item]; at < starts[item + 1]; at++) {
        const place = places[items[at]];
        if (place > 0) visit(place - 1, item, scale * weights[at]);
      }
    }
  }

  weight(length: number): number {
    return weightAfter(this.options.weights, length);
  }

  /** The newest different items, newest first. What came into the catalogue after the training has no row. */
  private counted(history: readonly number[]): Share[] {
    const { newest, decay } = this.options;
    const distinct = new Set<number>();
    for (let place = history.length - 1; place >= 0 && distinct.size < newest; place--) {
      distinct.add(history[place]);
    }
    return [...distinct]
      .map((item, place) => ({ item, share: decay ** place }))
      .filter(({ item }) => item < this.rows.scales.length);
  }
}
