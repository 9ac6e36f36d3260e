/** A catalogue whose items are all in memory. */
import { bestItems, type ItemMask, type Ranked } from '../engine/ranking.ts';
import { type Expression, predicateOf } from '../rules/expression.ts';
import type { AddedItem, Catalogue, Overlaid } from './catalogue.ts';
import { idHash } from './id-hash.ts';
import { IdIndex } from './id-index.ts';
import type { CatalogueItem } from './item.ts';
import { corrected, type ItemRecord, newItem } from './record.ts';

export class ListedCatalogue implements Catalogue {
  readonly items: readonly CatalogueItem[];
  /** Item indices by category, in the order in which the catalogue first names the categories. */
  readonly categories: ReadonlyMap<string, readonly number[]>;
  readonly popularity: Float64Array;
  private readonly indices: IdIndex;
  /** Which items may be listed, and until when that holds. */
  private listable: { mask: ItemMask; until: number } = { mask: new Uint8Array(), until: -Infinity };

  /** `known`: names that stay categories when no item belongs to them any more, and those that come first. */
  constructor(items: CatalogueItem[], known: Iterable<string> = []) {
    this.items = items;
    this.indices = new IdIndex(items);
    const categories = new Map<string, number[]>([...known].map((name) => [name, []]));
    for (const [index, item] of items.entries()) {
      for (const name of new Set(item.categories)) {
        const others = categories.get(name) ?? [];
        categories.set(name, others);
        if (!item.deleted) others.push(index);
      }
    }
    this.categories = categories;
    const total = items.reduce((sum, { count }) => sum + count + 1, 0);
    this.popularity = Float64Array.from(items, ({ count }) => Math.log((count + 1) / total));
  }

  get size(): number {
    return this.items.length;
  }

  indexOf(id: string): number | undefined {
    return this.indices.get(id);
  }

  largestCategories(): { name: string; items: number }[] {
    return largestFirst([...this.categories].map(([name, items]) => ({ name, items: items.length })));
  }

  knowsHash(hash: number): boolean {
    return this.indices.hasHash(hash);
  }

  hashOf(item: number): number {
    return idHash(this.items[item].id);
  }

  countOf(item: number): number {
    return this.items[item].count;
  }

  popularityOf(item: number): number {
    return this.popularity[item];
  }

  async read(): Promise<(item: number) => CatalogueItem> {
    return (item) => this.items[item];
  }

  async find(id: string): Promise<CatalogueItem | undefined> {
    const item = this.items[this.indices.get(id) ?? -1];
    return item?.deleted ? undefined : item;
  }

  allowed(excluded: Iterable<number> = [], now = Date.now()): ItemMask {
    const mask = this.listableAt(now).mask.slice();
    for (const item of excluded) mask[item] = 0;
    return mask;
  }

  listableAt(now: number): { mask: ItemMask; until: number } {
    if (now >= this.listable.until) {
      const mask = new Uint8Array(this.items.length).fill(1);
      this.listable = { mask, until: hideUnlisted(mask, this.items.entries(), now) };
    }
    return this.listable;
  }

  mostPopular(allowed: ItemMask, k: number, boosts?: Float32Array): Ranked[] {
    const { popularity } = this;
    return bestItems(boosts ? popularity.map((share, item) => share + boosts[item]) : popularity, allowed, k);
  }

  where(expression: Expression): ItemMask {
    const holds = predicateOf(expression);
    return Uint8Array.from(this.items, (item) => Number(holds(item)));
  }

  refusal(): undefined {}

  overlaid(records: readonly ItemRecord[], withNew: boolean): Overlaid {
    const items = this.items.slice();
    const added: AddedItem[] = [];
    for (const record of records) {
      const index = this.indexOf(record.id);
      if (index !== undefined) items[index] = corrected(items[index], record);
      // Without words there was never a title: something was said of an item that only another model knows.
      else if (withNew && record.words !== undefined)
        added.push({ item: newItem(record), words: record.words });
    }
    const all = [...items, ...added.map(({ item }) => item)];
    return { catalogue: new ListedCatalogue(all, this.categories.keys()), added };
  }
}

/** What may stand in lists of an item. */
type Listable = Pick<CatalogueItem, 'deleted' | 'available' | 'availableFrom' | 'availableUntil'>;

/**
 * Sets the mask to 0 for items that may not be listed now. Returns when one of them next may, or no more may.
 */
export function hideUnlisted(
  mask: ItemMask,
  items: Iterable<readonly [item: number, said: Listable]>,
  now: number,
): number {
  let until = Infinity;
  for (const [index, { deleted, available, availableFrom, availableUntil }] of items) {
    const tooEarly = availableFrom !== undefined && now < availableFrom;
    const tooLate = availableUntil !== undefined && now >= availableUntil;
    if (deleted || available === false || tooEarly || tooLate) mask[index] = 0;
    for (const turn of [availableFrom, availableUntil]) {
      if (turn !== undefined && now < turn && turn < until) until = turn;
    }
  }
  return until;
}

/** Categories that have items, the largest first. */
export function largestFirst(counted: { name: string; items: number }[]) {
  return counted
    .filter(({ items }) => items > 0)
    .sort((a, b) => b.items - a.items || (a.name < b.name ? -1 : 1));
}
