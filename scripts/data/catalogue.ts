import { fail, type Place, quote } from './errors.ts';
import { checkId } from './fields.ts';

/** An item as written to `items.jsonl`; further text fields (`brand` and such) keep their names. */
export interface Item {
  id: string;
  title: string;
  categories?: string[];
  [field: string]: string | string[] | undefined;
}

/** An item as read from a file. */
export interface ListedItem {
  id: unknown;
  title?: string;
  categories?: string[];
  /** Further text fields by name. */
  extra?: Record<string, string>;
}

/** The items of a dataset in the order of the source; `Interactions` refers to them by position. */
export class Catalogue {
  readonly items: Item[] = [];
  /** Items that got their id as title. */
  untitled = 0;
  /** Items that no item file lists, added because an interaction names them. */
  unlisted = 0;
  /** Fields left out because they are not text, with the number of items. */
  readonly leftOut = new Map<string, number>();
  readonly #index = new Map<string, number>();

  /**
   * Adds a listed item. An item without a title gets its id as title and is counted in {@link untitled}.
   * Empty fields are left out.
   * @throws {DataError} when the id is malformed or already taken
   */
  add({ id, title, categories = [], extra = {} }: ListedItem, place: Place): void {
    const checked = checkId(id, place, 'id');
    if (this.#index.has(checked)) fail(place, 'id', `${quote(checked)} is listed twice`);
    if (!title) this.untitled++;
    const names = categories.filter((name) => name !== '');
    this.#push({
      id: checked,
      title: title || checked,
      ...(names.length > 0 && { categories: names }),
      ...Object.fromEntries(Object.entries(extra).filter(([, value]) => value !== '')),
    });
  }

  /** Adds an item that only an interaction names, and returns its index. */
  addUnlisted(id: string): number {
    this.unlisted++;
    return this.#push({ id, title: id });
  }

  indexOf(id: string): number | undefined {
    return this.#index.get(id);
  }

  #push(item: Item): number {
    this.#index.set(item.id, this.items.length);
    return this.items.push(item) - 1;
  }
}
