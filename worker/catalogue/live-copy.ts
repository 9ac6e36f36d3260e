/** This isolate's copy of the live catalogue: what was published, and what the isolate itself has changed. */
import type { Copies, Copy } from '../live/copy.ts';
import type { CatalogueChange } from './changes.ts';
import type { ItemChange } from './record.ts';
import { advanced, type CatalogueSnapshot, NOTHING_SAID } from './snapshot.ts';
import type { CatalogueTruth, Changed, RuleChange } from './truth.ts';

export class LiveCopy {
  private readonly truth: CatalogueTruth;
  private readonly published: Copies<CatalogueSnapshot>;

  constructor(truth: CatalogueTruth, published: Copies<CatalogueSnapshot>) {
    this.truth = truth;
    this.published = published;
  }

  async read(): Promise<Copy<CatalogueSnapshot> & { value: CatalogueSnapshot }> {
    const { value, degraded } = await this.published.read();
    return { value: value ?? NOTHING_SAID, degraded };
  }

  /**
   * The latest changes, newest first.
   * @throws {CatalogueUnavailable}
   */
  changes(): Promise<CatalogueChange[]> {
    return this.truth.changes();
  }

  /**
   * Changes the truth. This isolate's lists follow at once, those of others within a minute.
   * @throws {CatalogueUnavailable}
   */
  async change(items: ItemChange[], rules?: RuleChange[]): Promise<Changed> {
    const { value } = await this.read();
    const result = await this.truth.change(value.version, items, rules);
    this.published.offer(advanced(value, result.since));
    return result;
  }
}
