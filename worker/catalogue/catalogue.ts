import type { ItemMask } from '../engine/ranking.ts';
import type { CatalogueItem } from './item.ts';

/** The items that the model knows, by index (as the graphs count them) and by id (as users name them). */
export class Catalogue {
  readonly items: readonly CatalogueItem[];
  /** Indices of each category's items, by its name, in the order in which the catalogue first names them. */
  readonly categories: ReadonlyMap<string, readonly number[]>;
  /**
   * One an item: log of its share of all interactions that the model was trained on. Every item counts as if it had one
   * more, so that none has a share of zero; the shares sum to one.
   */
  readonly popularity: Float64Array;
  private readonly indices: Map<string, number>;

  constructor(items: CatalogueItem[]) {
    this.items = items;
    this.indices = new Map(items.map((item, index) => [item.id, index]));
    const categories = new Map<string, number[]>();
    for (const [index, item] of items.entries()) {
      for (const name of new Set(item.categories)) {
        const others = categories.get(name);
        if (others) others.push(index);
        else categories.set(name, [index]);
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

  /**
   * What a list may hold: the items of at least one of these categories (of any, when none is named) without the excluded
   * ones.
   */
  allowed(excluded: Iterable<number>, categories: readonly string[] = []): ItemMask {
    const mask = new Uint8Array(this.items.length);
    if (categories.length === 0) mask.fill(1);
    for (const name of categories) for (const item of this.categories.get(name) ?? []) mask[item] = 1;
    for (const item of excluded) mask[item] = 0;
    return mask;
  }
}
