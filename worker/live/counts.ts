/** What people did since the training: which items, and what after what. Counted as the training counts. */

/** Two events count as one after the other up to this many steps apart, each by 1 / steps. */
const DISTANCES = 10;
/** How much the way back counts. */
const REVERSE = 0.25;

/** Counts to add. */
export interface CountBatch {
  items: [id: string, count: number][];
  pairs: [before: string, after: string, weight: number][];
}

/** What isolates read: counts as they had decayed when it was published. */
export interface CountsSnapshot {
  version: number;
  /** Of the last day or so. */
  items: [id: string, weight: number][];
  /** By item, its strongest successors. */
  pairs: [before: string, after: [id: string, weight: number][]][];
}

/** Key in Workers KV. */
export const COUNTS_KEY = 'counts';

/** Events that count for one that comes later. */
export const REMEMBERED = DISTANCES;

/** What the weights of a trained item's successors add up to, per event. */
export const WEIGHT_PER_EVENT =
  (1 + REVERSE) * Array.from({ length: DISTANCES }, (_, at) => 1 / (at + 1)).reduce((a, b) => a + b, 0);

/** Sums up what is to be counted, so that a busy isolate sends little. */
export class Counting {
  private readonly items = new Map<string, number>();
  private readonly pairs = new Map<string, Map<string, number>>();

  get isEmpty(): boolean {
    return this.items.size === 0;
  }

  /** `added` came after `before`, both oldest first. */
  add(before: readonly string[], added: readonly string[]): void {
    const all = [...before, ...added];
    for (let at = before.length; at < all.length; at++) {
      this.items.set(all[at], (this.items.get(all[at]) ?? 0) + 1);
      for (let distance = 1; distance <= Math.min(DISTANCES, at); distance++) {
        const earlier = all[at - distance];
        this.count(earlier, all[at], 1 / distance);
        this.count(all[at], earlier, REVERSE / distance);
      }
    }
  }

  /** Everything so far; counting begins anew. */
  take(): CountBatch {
    const items = [...this.items];
    const pairs = [...this.pairs].flatMap(([before, row]) =>
      [...row].map(([after, weight]): CountBatch['pairs'][number] => [before, after, weight]),
    );
    this.items.clear();
    this.pairs.clear();
    return { items, pairs };
  }

  private count(before: string, after: string, weight: number): void {
    const row = this.pairs.get(before) ?? new Map<string, number>();
    this.pairs.set(before, row);
    row.set(after, (row.get(after) ?? 0) + weight);
  }
}
