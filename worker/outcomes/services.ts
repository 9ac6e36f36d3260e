/** Outcomes as routes use them. */
import { OutcomeCounting, type OutcomeTotals } from './outcomes.ts';
import type { Judged, Maker } from './served.ts';
import type { Variants } from './variants.ts';

export interface OutcomeServices {
  variants: Variants;
  /** Counts what a caller told. */
  told(maker: Maker, bucket: number, counts: { clicked: number; bought: number }): void;
  totals(): Promise<OutcomeTotals>;
  clear(): Promise<void>;
}

/** Outcomes in memory, for examples and tests. */
export class MemoryOutcomes implements OutcomeServices {
  readonly variants: Variants;
  private counting = new OutcomeCounting();
  private readonly all: OutcomeTotals = { sums: [], coverage: [] };

  constructor(variants: Variants) {
    this.variants = variants;
  }

  judge(list: Judged, bucket: number): void {
    this.counting.judge(list, bucket);
  }

  told(...told: Parameters<OutcomeServices['told']>): void {
    this.counting.told(...told);
  }

  async totals(): Promise<OutcomeTotals> {
    const { sums, shown } = this.counting.take();
    this.all.sums.push(...sums);
    this.all.coverage.push(...shown.map(({ items, ...maker }) => ({ ...maker, items: items.length })));
    return this.all;
  }

  async clear(): Promise<void> {
    this.counting = new OutcomeCounting();
    this.all.sums.length = 0;
    this.all.coverage.length = 0;
  }
}
