/**
 * The memory of transitions: what followed what in the training data, counted. The decoder's weights
 * generalise; the memory knows single pairs of items, also those that were too rare to train on.
 */

import type { Affinities, Share } from './affinities.ts';
import { type Borrowed, type Neighbours, NOTHING_BORROWED } from './borrowed.ts';
import { probabilityOf, readTransitions, type Transitions } from './layout.ts';
import { type LiveRows, NO_ROWS } from './live-rows.ts';
import { placeOf } from './search.ts';
import { type Sparse, type SparseSums, sparseSums } from './sparse.ts';
import { type FoundRows, StoredTransitions } from './stored-transitions.ts';
import { weightAfter } from './weight.ts';

/** How counts become scores; fitted on validation (`scripts/build/memory`). */
export interface MemoryOptions {
  /** Newest items of a history whose successors count. */
  newest: number;
  /** Each of them weighs this much of the one after it. */
  decay: number;
  /** The probability that counts as nothing to go by: q = `smoothing` doubles the boost's base. */
  smoothing: number;
  /** Of the memory beside the decoder, by length of the history: `weightAfter`. */
  weights: number[];
}

/** What a memory has beside the transitions of the training. */
interface More {
  affinities?: Affinities;
  /** For sums over items, if another memory has them already. */
  sums?: SparseSums;
  live?: LiveRows;
  borrowed?: Borrowed;
}

export class Memory {
  readonly options: MemoryOptions;
  private readonly transitions: Transitions;
  /** Rows that lie in files, of which `transitions` has some. */
  private readonly stored?: StoredTransitions;
  /** Which row of `transitions` is an item's. @default that with its index */
  private readonly places?: ReadonlyMap<number, number>;
  /** How many items the training has seen. */
  private readonly trained: number;
  private readonly size: number;
  /** What goes together whatever the order. A model may have none. */
  readonly affinities?: Affinities;
  /** For sums over items; all zero between calls. */
  readonly sums: SparseSums;
  /** What was counted since the training. */
  private readonly live: LiveRows;
  /** What new items have of others. */
  readonly borrowed: Borrowed;

  /**
   * `trained` may be a file as `layout.ts` says; it is not copied. @throws {RangeError} when it is of another
   * size. Of transitions that are stored, a memory has those that it was asked for by `at`.
   */
  constructor(
    trained: Uint8Array<ArrayBuffer> | Transitions | StoredTransitions | FoundRows,
    items: number,
    options: MemoryOptions,
    { affinities, live = NO_ROWS, borrowed = NOTHING_BORROWED, sums = sparseSums(items) }: More = {},
  ) {
    const rows = trained instanceof StoredTransitions ? trained.none : trained;
    this.transitions = rows instanceof Uint8Array ? readTransitions(rows, items) : rows;
    const found = 'of' in this.transitions ? (this.transitions as FoundRows) : undefined;
    this.stored = found?.of;
    this.places = found?.places;
    this.trained = found?.of.items ?? this.transitions.starts.length - 1;
    this.size = items;
    this.options = options;
    this.affinities = affinities;
    this.sums = sums;
    this.live = live;
    this.borrowed = borrowed;
  }

  /** The same memory with what was counted since, for so many items: the trained ones come first. */
  extended(items: number, live: LiveRows, borrowed?: Borrowed): Memory {
    const { affinities } = this;
    const trained = this.stored ?? this.transitions;
    return new Memory(trained, items, this.options, { affinities, live, borrowed });
  }

  /**
   * The same memory, able to tell what follows this history: rows that lie in files are read. Throws what
   * reading throws.
   */
  async at(history: readonly number[]): Promise<Memory> {
    if (!this.stored) return this;
    const { affinities, live, borrowed, sums } = this;
    const rows = await this.stored.of(history.slice(-this.options.newest));
    return new Memory(rows, this.size, this.options, { affinities, live, borrowed, sums });
  }

  /**
   * q, the counted probability of each item as the next one after this history (indices, oldest first): the
   * mean of the newest items' rows, weighted by recency. What is missing to a sum of one belongs to
   * successors that the table leaves out.
   */
  scores(history: readonly number[]): Sparse {
    this.addScores(history);
    return this.sums.take();
  }

  /** Adds the same to `sums`. */
  addScores(history: readonly number[]): void {
    const { sums, borrowed } = this;
    for (const { item, weight } of this.recent(history)) {
      this.eachSuccessor(item, (successor, probability) => sums.add(successor, weight * probability));
      for (const like of borrowed.like.get(item) ?? []) {
        sums.add(like.item, weight * borrowed.followed * like.part);
      }
    }
  }

  /** What each place of the history adds to q of an item, newest first; without those that add nothing. */
  shares(history: readonly number[]): (successor: number) => Share[] {
    const recent = this.recent(history);
    return (successor) =>
      recent
        .map(({ item, weight }) => ({ item, share: weight * this.probability(item, successor) }))
        .filter(({ share }) => share > 0);
  }

  /** How much transitions count beside the decoder after so many items. */
  weight(length: number): number {
    return weightAfter(this.options.weights, length);
  }

  private neighboursOf(item: number): Neighbours | undefined {
    return this.borrowed.neighbours[item - this.trained];
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
    const row = placeOf(live.items, item);
    const kept = row < 0 ? 1 : live.kept[row];
    const lent = this.neighboursOf(item);
    for (const [at, neighbour] of lent?.items.entries() ?? []) {
      const share = kept * lent!.shares[at];
      this.eachSuccessor(neighbour, (successor, probability) => visit(successor, share * probability));
    }
    // An item that came later has no trained row: its start lies behind the array.
    const place = this.places ? (this.places.get(item) ?? Infinity) : item;
    for (let at = starts[place]; at < starts[place + 1]; at++) {
      visit(successors[at], kept * probabilityOf(probabilities[at]));
    }
    if (row < 0) return;
    for (let at = live.starts[row]; at < live.starts[row + 1]; at++) {
      visit(live.successors[at], live.probabilities[at]);
    }
  }

  /** Of one transition, as `scores` counts it. */
  private probability(item: number, successor: number): number {
    const { like, followed } = this.borrowed;
    const part = like.get(item)?.find((other) => other.item === successor)?.part ?? 0;
    return this.countedProbability(item, successor) + followed * part;
  }

  /** Without what a new successor has for being like the item. */
  private countedProbability(item: number, successor: number): number {
    const { live } = this;
    const lent = this.neighboursOf(item);
    const trained = lent
      ? mean(lent, (neighbour) => this.countedProbability(neighbour, successor))
      : this.trainedProbability(item, successor);
    const row = placeOf(live.items, item);
    if (row < 0) return trained;
    const place = live.successors.subarray(0, live.starts[row + 1]).indexOf(successor, live.starts[row]);
    return live.kept[row] * trained + (place < 0 ? 0 : live.probabilities[place]);
  }

  /** As it was counted in the training. */
  private trainedProbability(item: number, successor: number): number {
    const { starts, successors, probabilities } = this.transitions;
    const place = this.places ? (this.places.get(item) ?? Infinity) : item;
    if (place + 1 >= starts.length) return 0;
    const at = placeOf(successors, successor, starts[place], starts[place + 1]);
    return at < 0 ? 0 : probabilityOf(probabilities[at]);
  }
}

function mean({ items, shares }: Neighbours, of: (neighbour: number) => number): number {
  return items.reduce((sum, neighbour, at) => sum + shares[at] * of(neighbour), 0);
}
