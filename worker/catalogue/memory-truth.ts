import { type CatalogueChange, differences, MOST_CHANGES } from './changes.ts';
import { changed, type ItemChange, type ItemRecord } from './record.ts';
import type { CatalogueSnapshot } from './snapshot.ts';
import type { CatalogueTruth, Changed, RuleChange } from './truth.ts';

/** The live catalogue in memory: the shortest code that keeps its promises, for examples and tests. */
export class MemoryTruth implements CatalogueTruth {
  private readonly records = new Map<string, { record: ItemRecord; version: number }>();
  private readonly rules = new Map<string, CatalogueSnapshot['rules'][number]>();
  private readonly latest: CatalogueChange[] = [];
  private version = 0;

  async change(known: number, items: ItemChange[], rules: RuleChange[] = []): Promise<Changed> {
    const next = this.version + 1;
    const stamp = { at: Date.now(), version: next };
    let differing = 0;
    const records = items.map((change) => {
      const before = this.records.get(change.id)?.record;
      const record = changed(before, change);
      if (record && JSON.stringify(record) !== JSON.stringify(before)) {
        this.records.set(change.id, { record, version: next });
        const fields = differences(before, record);
        this.latest.unshift({ ...stamp, of: 'item', name: change.id, fields });
        differing++;
      }
      return record;
    });
    const done = rules.map((change) => {
      const rule = change.kind === 'put' ? change.rule : undefined;
      const name = change.kind === 'put' ? change.rule.name : change.name;
      const before = this.rules.get(name);
      if (rule) this.rules.set(name, rule);
      else if (!this.rules.delete(name)) return false;
      this.latest.unshift({ ...stamp, of: 'rule', name, fields: differences(before, rule) });
      return true;
    });
    this.latest.splice(MOST_CHANGES);
    if (differing > 0 || done.some(Boolean)) this.version = next;
    return { records, rules: done, changed: differing, since: this.since(known) };
  }

  async all(): Promise<CatalogueSnapshot> {
    return this.since(0);
  }

  async changes(): Promise<CatalogueChange[]> {
    return this.latest.slice();
  }

  async republish(): Promise<boolean> {
    return this.version > 0;
  }

  private since(known: number): CatalogueSnapshot {
    const later = [...this.records.values()].filter(({ version }) => version > known);
    const rules = [...this.rules.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { version: this.version, records: later.map(({ record }) => record), rules };
  }
}
