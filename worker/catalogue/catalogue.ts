import type { ItemMask } from '../engine/ranking.ts';
import { IdIndex } from './id-index.ts';
import type { CatalogueItem } from './item.ts';

/** The items that the model knows, by index (as graphs use them) and by id (as callers name them). */
export class Catalogue {
  readonly items: readonly CatalogueItem[];
  /** Item indices by category, in the order in which the catalogue first names the categories. */
  readonly categories: ReadonlyMap<string, readonly number[]>;
  /**
   * Log of each item's share of all interactions that the model was trained on. One is added to every count,
   * so no share is zero; the shares sum to one.
   */
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

  /** The item's index, or undefined for an id that the model does not know. */
  indexOf(id: string): number | undefined {
    return this.indices.get(id);
  }

  /** The categories with the number of their items, the largest first. */
  largestCategories(): { name: string; items: number }[] {
    const counted = [...this.categories].map(([name, items]) => ({ name, items: items.length }));
    return counted
      .filter(({ items }) => items > 0)
      .sort((a, b) => b.items - a.items || (a.name < b.name ? -1 : 1));
  }

  /** Whether an item's id has this hash (`idHash`): what is known of an id that was unknown before. */
  knowsHash(hash: number): boolean {
    return this.indices.hasHash(hash);
  }

  /** The item with this id, unless it was deleted. */
  find(id: string): CatalogueItem | undefined {
    const item = this.items[this.indices.get(id) ?? -1];
    return item?.deleted ? undefined : item;
  }

  /** Every item that may be listed now but these (indices), as a mask. */
  allowed(excluded: Iterable<number> = [], now = Date.now()): ItemMask {
    const mask = this.listableAt(now).mask.slice();
    for (const item of excluded) mask[item] = 0;
    return mask;
  }

  /** When the items that may be listed last changed by themselves, or a time before which nothing did. */
  listableAt(now: number): { mask: ItemMask; until: number } {
    if (now >= this.listable.until) this.listable = listable(this.items, now);
    return this.listable;
  }
}

function listable(items: readonly CatalogueItem[], now: number): { mask: ItemMask; until: number } {
  const mask = new Uint8Array(items.length).fill(1);
  let until = Infinity;
  for (const [index, { deleted, available, availableFrom, availableUntil }] of items.entries()) {
    const tooEarly = availableFrom !== undefined && now < availableFrom;
    const tooLate = availableUntil !== undefined && now >= availableUntil;
    if (deleted || available === false || tooEarly || tooLate) mask[index] = 0;
    for (const turn of [availableFrom, availableUntil]) {
      if (turn !== undefined && now < turn && turn < until) until = turn;
    }
  }
  return { mask, until };
}
