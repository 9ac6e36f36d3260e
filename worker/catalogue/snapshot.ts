/** The live catalogue at one moment, as isolates read it. */
import type { Rule } from '../rules/rule.ts';
import type { ItemRecord } from './record.ts';

export interface CatalogueSnapshot {
  /** Counts changes. 0: nothing was ever said. */
  version: number;
  /** In the order in which items were first mentioned. It never changes: new items' rows follow from it. */
  records: ItemRecord[];
  rules: Rule[];
}

export const NOTHING_SAID: CatalogueSnapshot = { version: 0, records: [], rules: [] };

/** Key in Workers KV. */
export const CATALOGUE_KEY = 'catalogue';

/** The snapshot in a published value. Throws for what is none. */
export function catalogueSnapshot(json: object): CatalogueSnapshot {
  const { version, records, rules } = json as Partial<CatalogueSnapshot>;
  if (!Number.isSafeInteger(version) || !Array.isArray(records) || !Array.isArray(rules)) {
    throw new Error('this is no live catalogue');
  }
  return { version: version!, records, rules };
}

/** A later state: the snapshot with the records that changed since. */
export function advanced(
  { records }: CatalogueSnapshot,
  { version, rules, records: since }: CatalogueSnapshot,
): CatalogueSnapshot {
  const places = new Map(records.map(({ id }, place) => [id, place]));
  const all = records.slice();
  for (const record of since) {
    const place = places.get(record.id);
    if (place === undefined) all.push(record);
    else all[place] = record;
  }
  return { version, records: all, rules };
}
