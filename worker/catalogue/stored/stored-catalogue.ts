/**
 * A catalogue whose items are not in memory: a million of them would take several hundred MB. What is there
 * are hashes of ids, counts, and the items of categories; the rest is read for the items of a list.
 */
import { Best } from '../../engine/best.ts';
import { type ItemMask, type Ranked, ranked } from '../../engine/ranking.ts';
import type { Expression } from '../../rules/expression.ts';
import type { AddedItem, Catalogue, Categories, Overlaid } from '../catalogue.ts';
import { idHash } from '../id-hash.ts';
import type { CatalogueItem } from '../item.ts';
import { hideUnlisted, largestFirst } from '../listed-catalogue.ts';
import { corrected, type ItemRecord, newItem } from '../record.ts';
import type { HashedIds } from './hashed-ids.ts';
import type { ItemShards } from './item-shards.ts';
import type { Postings } from './postings.ts';
import { refusal, where } from './where.ts';
import type { WordIndex } from './word-index.ts';

/** What a model has of its items. */
export interface StoredItems {
  ids: HashedIds;
  /** Interactions, [items]. */
  counts: Uint32Array;
  categories: Postings;
  shards: ItemShards;
  words: WordIndex;
}

/** What has been said since the training. */
interface Said {
  /** Of trained items, by index. */
  records: ReadonlyMap<number, ItemRecord>;
  /** Items that are new to the model: their indices follow those of the trained ones. */
  added: readonly CatalogueItem[];
}

/** Masks that wait for their next use: at a million items each takes a MB. */
const MOST_FREE = 2;

export class StoredCatalogue implements Catalogue {
  readonly size: number;
  readonly categories: Categories;
  private readonly stored: StoredItems;
  private readonly said: Said;
  private readonly added: ReadonlyMap<string, number>;
  /** Of all counts plus one. */
  private readonly total: number;
  private listable: { mask: ItemMask; until: number } = { mask: new Uint8Array(), until: -Infinity };
  private readonly free: ItemMask[] = [];

  constructor(stored: StoredItems, said: Said = { records: new Map(), added: [] }) {
    const trained = stored.counts.length;
    this.stored = stored;
    this.said = said;
    this.added = new Map(said.added.map(({ id }, at) => [id, trained + at]));
    this.size = trained + said.added.length;
    this.total = stored.counts.reduce((sum, count) => sum + count, this.size);
    this.categories = { has: (name) => this.hasCategory(name), get: (name) => this.itemsOf(name) };
  }

  get popularity(): Float64Array {
    return Float64Array.from({ length: this.size }, (_, item) => this.popularityOf(item));
  }

  get words(): WordIndex {
    return this.stored.words;
  }

  /** Items of which something was said since the training. */
  saidOf(): Set<number> {
    const { records, added } = this.said;
    return new Set([...records.keys(), ...added.map((_, at) => this.stored.counts.length + at)]);
  }

  popularityOf(item: number): number {
    return Math.log((this.countOf(item) + 1) / this.total);
  }

  indexOf(id: string): number | undefined {
    return this.added.get(id) ?? this.stored.ids.get(id);
  }

  knowsHash(hash: number): boolean {
    if (this.stored.ids.find(hash) !== undefined) return true;
    return this.said.added.some(({ id }) => idHash(id) === hash);
  }

  hashOf(item: number): number {
    const added = this.said.added[item - this.stored.counts.length];
    return added ? idHash(added.id) : this.stored.ids.lowOf(item);
  }

  countOf(item: number): number {
    return this.stored.counts[item] ?? 0; // none of a new item
  }

  largestCategories(): { name: string; items: number }[] {
    const { records, added } = this.said;
    const sizes = new Map([...this.stored.categories.entries()].map(({ name, items }) => [name, items]));
    const changed = [...records.values(), ...added].some((each) => each.categories || each.deleted);
    if (changed) for (const name of this.names()) sizes.set(name, [...this.itemsOf(name)].length);
    return largestFirst([...sizes].map(([name, items]) => ({ name, items })));
  }

  async read(items: Iterable<number>): Promise<(item: number) => CatalogueItem> {
    const trained = this.stored.counts.length;
    const { records, added } = this.said;
    const found = await this.stored.shards.read([...items].filter((item) => item < trained));
    return (item) => {
      if (item >= trained) return added[item - trained];
      const record = records.get(item);
      return record ? corrected(found.get(item)!, record) : found.get(item)!;
    };
  }

  async find(id: string): Promise<CatalogueItem | undefined> {
    const index = this.indexOf(id);
    if (index === undefined) return undefined;
    const item = (await this.read([index]))(index);
    return item.id === id && !item.deleted ? item : undefined;
  }

  /** The mask belongs to the caller until it is given back by `release`. */
  allowed(excluded: Iterable<number> = [], now = Date.now()): ItemMask {
    const mask = this.free.pop() ?? new Uint8Array(this.size);
    mask.set(this.listableAt(now).mask);
    for (const item of excluded) mask[item] = 0;
    return mask;
  }

  release(mask: ItemMask): void {
    if (this.free.length < MOST_FREE && mask.length === this.size) this.free.push(mask);
  }

  listableAt(now: number): { mask: ItemMask; until: number } {
    if (now >= this.listable.until) {
      const { records, added } = this.said;
      const trained = this.stored.counts.length;
      const mask = new Uint8Array(this.size).fill(1);
      const said = [...records, ...added.map((item, at) => [trained + at, item] as const)];
      this.listable = { mask, until: hideUnlisted(mask, said, now) };
    }
    return this.listable;
  }

  mostPopular(allowed: ItemMask, k: number, boosts?: Float32Array): Ranked[] {
    const best = new Best(k);
    for (let item = 0; item < this.size; item++) {
      if (allowed[item] === 0) continue;
      // A logarithm per item would take most of the time, and without boosts it changes no order.
      best.offer(item, boosts ? this.popularityOf(item) + boosts[item] : this.countOf(item));
    }
    return ranked(best).map((each) => (boosts ? each : { ...each, score: this.popularityOf(each.item) }));
  }

  where(expression: Expression): ItemMask {
    return where(expression, {
      size: this.size,
      trained: this.stored.counts.length,
      indexOf: (id) => this.stored.ids.get(id),
      categories: this.stored.categories,
      ...this.said,
    });
  }

  refusal(expression: Expression): string | undefined {
    return refusal(expression);
  }

  overlaid(records: readonly ItemRecord[], withNew: boolean): Overlaid {
    const known = new Map<number, ItemRecord>();
    const added: AddedItem[] = [];
    for (const record of records) {
      const index = this.stored.ids.get(record.id);
      if (index !== undefined) known.set(index, record);
      else if (withNew && record.words !== undefined)
        added.push({ item: newItem(record), words: record.words });
    }
    const said = { records: known, added: added.map(({ item }) => item) };
    return { catalogue: new StoredCatalogue(this.stored, said), added };
  }

  private names(): Set<string> {
    const { records, added } = this.said;
    const said = [...records.values(), ...added].flatMap(({ categories = [] }) => categories);
    return new Set([...[...this.stored.categories.entries()].map(({ name }) => name), ...said]);
  }

  private hasCategory(name: string): boolean {
    if (this.stored.categories.has(name)) return true;
    const { records, added } = this.said;
    return [...records.values(), ...added].some(({ categories }) => categories?.includes(name));
  }

  /** Those of the training first. */
  private *itemsOf(name: string): Generator<number> {
    const { records, added } = this.said;
    for (const item of this.stored.categories.get(name)) if (!records.has(item)) yield item;
    for (const [item, { categories, deleted }] of records) {
      const isIn = categories ? categories.includes(name) : this.stored.categories.includes(name, item);
      if (isIn && !deleted) yield item;
    }
    for (const [at, { categories, deleted }] of added.entries()) {
      if (!deleted && categories.includes(name)) yield this.stored.counts.length + at;
    }
  }
}
