/** What became of lists, by who made them: gathered in each isolate, added up in one object. */
import type { Judged, Maker } from './served.ts';

/** Items of a list that count as shown. */
export const SHOWN = 10;

/** Sums of one maker and one bucket of users. */
export interface OutcomeSums extends Maker {
  /** Of the users: `bucketOf`. */
  bucket: number;
  /** Lists whose users then did something. */
  judged: number;
  /** Of these, lists among whose first ten items was one of what they took. */
  hits: number;
  /** Sum of 1 / rank. */
  reciprocal: number;
  /** What callers told explicitly. */
  clicked: number;
  bought: number;
}

export interface OutcomeBatch {
  sums: OutcomeSums[];
  /** Items that stood among the first ten. */
  shown: (Maker & { items: string[] })[];
}

const keyOf = ({ model, ranker, variant }: Maker) => `${model}.${ranker}.${variant}`;

export class OutcomeCounting {
  private readonly sums = new Map<string, OutcomeSums>();
  private readonly shown = new Map<string, { maker: Maker; items: Set<string> }>();

  judge(list: Judged, bucket: number): void {
    const sums = this.sumsOf(list, bucket);
    sums.judged++;
    if (list.rank !== null) {
      sums.reciprocal += 1 / list.rank;
      if (list.rank <= SHOWN) sums.hits++;
    }
    const key = keyOf(list);
    const { model, ranker, variant } = list;
    const shown = this.shown.get(key) ?? { maker: { model, ranker, variant }, items: new Set<string>() };
    this.shown.set(key, shown);
    for (const id of list.items.slice(0, SHOWN)) shown.items.add(id);
  }

  told(maker: Maker, bucket: number, { clicked, bought }: { clicked: number; bought: number }): void {
    const sums = this.sumsOf(maker, bucket);
    sums.clicked += clicked;
    sums.bought += bought;
  }

  /** Everything so far; counting begins anew. */
  take(): OutcomeBatch {
    const shown = [...this.shown.values()].map(({ maker, items }) => ({ ...maker, items: [...items] }));
    const sums = [...this.sums.values()];
    this.shown.clear();
    this.sums.clear();
    return { sums, shown };
  }

  private sumsOf({ model, ranker, variant }: Maker, bucket: number): OutcomeSums {
    const key = `${keyOf({ model, ranker, variant })}.${bucket}`;
    const nothing = { judged: 0, hits: 0, reciprocal: 0, clicked: 0, bought: 0 };
    const sums = this.sums.get(key) ?? { model, ranker, variant, bucket, ...nothing };
    this.sums.set(key, sums);
    return sums;
  }
}

/** How many different items stood among the first ten of a maker's judged lists. */
export interface Coverage extends Maker {
  items: number;
}

/** What an object answers. */
export interface OutcomeTotals {
  sums: OutcomeSums[];
  coverage: Coverage[];
}
