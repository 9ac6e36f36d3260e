/** The items that a model knows, by index (as graphs use them) and by id (as callers name them). */
import type { ItemMask, Ranked } from '../engine/ranking.ts';
import type { Expression } from '../rules/expression.ts';
import type { CatalogueItem } from './item.ts';
import type { ItemRecord } from './record.ts';

/** The items of categories. */
export interface Categories {
  /** Also of a category whose items have all gone. */
  has(name: string): boolean;
  /** Item indices. */
  get(name: string): Iterable<number> | undefined;
}

/** `ListedCatalogue` has all items in memory; `StoredCatalogue` reads them when they are asked for. */
export interface Catalogue {
  /** How many indices there are. */
  readonly size: number;
  /** All items by index; undefined where they are not in memory. */
  readonly items?: readonly CatalogueItem[];
  readonly categories: Categories;
  /**
   * Log of the item's share of all interactions that the model was trained on. One is added to every count,
   * so no share is zero; the shares sum to one.
   */
  popularityOf(item: number): number;
  /** The same of all items. */
  readonly popularity: Float64Array;
  /** The item's index, or undefined for an id that the model does not know. */
  indexOf(id: string): number | undefined;
  /** Whether an item's id has this hash (`idHash`): what is known of an id that was unknown before. */
  knowsHash(hash: number): boolean;
  /** A hash of the item's id. */
  hashOf(item: number): number;
  /** Interactions with the item that the model was trained on. */
  countOf(item: number): number;
  /** The categories with the number of their items, the largest first. */
  largestCategories(): { name: string; items: number }[];
  /** These items, by index. Throws ModelUnavailable when they can't be read. */
  read(items: Iterable<number>): Promise<(item: number) => CatalogueItem>;
  /** The item with this id, unless it was deleted. Throws ModelUnavailable when it can't be read. */
  find(id: string): Promise<CatalogueItem | undefined>;
  /** Every item that may be listed now but these (indices), as a mask. */
  allowed(excluded?: Iterable<number>, now?: number): ItemMask;
  /** Gives a mask back that `allowed` made, so that it can be used again. */
  release?(mask: ItemMask): void;
  /** When the items that may be listed next change by themselves. */
  listableAt(now: number): { until: number };
  /** The `k` allowed items of the largest popularity plus boost, best first. */
  mostPopular(allowed: ItemMask, k: number, boosts?: Float32Array): Ranked[];
  /** The items that the expression holds for. */
  where(expression: Expression): ItemMask;
  /** Why `where` can't tell which items an expression holds for, if it can't. */
  refusal(expression: Expression): string | undefined;
  /** The same items with what has been said of them since, then if wanted those that are new. */
  overlaid(records: readonly ItemRecord[], withNew: boolean): Overlaid;
}

/** An item that the model was not trained with, and the text of its vector. */
export interface AddedItem {
  item: CatalogueItem;
  words: string;
}

export interface Overlaid {
  catalogue: Catalogue;
  /** In the order of their indices, which follow those of the trained items. */
  added: AddedItem[];
}
