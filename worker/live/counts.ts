/** What people did since the training: which items, and what after what. Counted as the training counts. */
import { EVENTS_BEFORE } from '../history/log.ts';

/** Two events count as one after the other up to this many steps apart, each by 1 / steps. */
const DISTANCES = EVENTS_BEFORE;
/** How much the way back counts. */
const REVERSE = 0.25;

/** Counts to add. Each id stands in it once; elsewhere its place among the ids stands for it. */
export interface CountBatch {
  ids: string[];
  /** How often each id was taken, [ids]. */
  items: Float64Array;
  /** Pairs of ids, and how much each counts, [pairs]. */
  before: Uint32Array;
  after: Uint32Array;
  weights: Float64Array;
}

/** What the weights of a trained item's successors add up to, per event. */
export const WEIGHT_PER_EVENT =
  (1 + REVERSE) * Array.from({ length: DISTANCES }, (_, at) => 1 / (at + 1)).reduce((a, b) => a + b, 0);

/** The places of two ids as one number, exact for up to 2^26 ids. */
const PLACES = 2 ** 26;

/** One event of those that are counted, or came shortly before. */
export interface Counted {
  item: string;
  /** Whether a list should lead to it: only such events count as taken, and as coming after others. */
  target: boolean;
  /** Whether it is new; otherwise it only came before. */
  added: boolean;
}

/** Sums up what is to be counted, so that a busy isolate sends little. */
export class Counting {
  /** Places of ids. */
  private readonly places = new Map<string, number>();
  private items: number[] = [];
  private readonly pairs = new Map<number, number>();

  get isEmpty(): boolean {
    return this.places.size === 0;
  }

  /** Oldest first, those that were added last. */
  add(events: readonly Counted[]): void {
    const all = events.map(({ item }) => this.placeOf(item));
    for (const [at, { added, target }] of events.entries()) {
      if (!added) continue;
      if (target) this.items[all[at]]++;
      for (let distance = 1; distance <= Math.min(DISTANCES, at); distance++) {
        if (target) this.count(all[at - distance], all[at], 1 / distance);
        if (events[at - distance].target) this.count(all[at], all[at - distance], REVERSE / distance);
      }
    }
  }

  /** Everything so far; counting begins anew. */
  take(): CountBatch {
    const pairs = [...this.pairs.keys()];
    const batch = {
      ids: [...this.places.keys()],
      items: Float64Array.from(this.items),
      before: Uint32Array.from(pairs, (pair) => Math.floor(pair / PLACES)),
      after: Uint32Array.from(pairs, (pair) => pair % PLACES),
      weights: Float64Array.from(this.pairs.values()),
    };
    this.places.clear();
    this.items = [];
    this.pairs.clear();
    return batch;
  }

  private placeOf(id: string): number {
    const known = this.places.get(id);
    if (known !== undefined) return known;
    this.places.set(id, this.items.length);
    return this.items.push(0) - 1;
  }

  private count(before: number, after: number, weight: number): void {
    const pair = before * PLACES + after;
    this.pairs.set(pair, (this.pairs.get(pair) ?? 0) + weight);
  }
}
