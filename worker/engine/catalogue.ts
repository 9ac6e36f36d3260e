import type { CatalogueItem } from './manifest.ts';

/** The items that the model knows, by index (as the graphs count them) and by id (as users name them). */
export class Catalogue {
  readonly items: readonly CatalogueItem[];
  private readonly indices: Map<string, number>;

  constructor(items: CatalogueItem[]) {
    this.items = items;
    this.indices = new Map(items.map((item, index) => [item.id, index]));
  }

  /** The item's index, or undefined for an id that the model does not know. */
  indexOf(id: string): number | undefined {
    return this.indices.get(id);
  }
}
