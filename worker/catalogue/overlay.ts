/** The trained catalogue with what has been said of its items since. */
import { Catalogue } from './catalogue.ts';
import type { CatalogueItem } from './item.ts';
import type { ItemRecord } from './record.ts';
import type { CatalogueSnapshot } from './snapshot.ts';

/** An item that the model was not trained with, and the text of its vector. */
export interface AddedItem {
  item: CatalogueItem;
  words: string;
}

/**
 * The trained items with corrections, at their own indices, then, if wanted, the items that are new to the
 * model.
 */
export function overlaid(trained: Catalogue, { records }: CatalogueSnapshot, withNew: boolean) {
  const items = trained.items.slice();
  const added: AddedItem[] = [];
  for (const record of records) {
    const index = trained.indexOf(record.id);
    if (index !== undefined) items[index] = corrected(items[index], record);
    // Without words there was never a title: something was said of an item that only another model knows.
    else if (withNew && record.words !== undefined)
      added.push({ item: newItem(record), words: record.words });
  }
  const all = [...items, ...added.map(({ item }) => item)];
  return { catalogue: new Catalogue(all, trained.categories.keys()), added };
}

/**
 * The item with this id, also where the model could not take it over because it has no vectors of words.
 */
export function findItem(
  catalogue: Catalogue,
  { records }: CatalogueSnapshot,
  id: string,
): CatalogueItem | undefined {
  if (catalogue.indexOf(id) !== undefined) return catalogue.find(id);
  const record = records.find((each) => each.id === id && !each.deleted);
  return record && newItem(record);
}

function corrected(item: CatalogueItem, { words: _, ...said }: ItemRecord): CatalogueItem {
  return { ...item, ...said };
}

function newItem({ id, title = id, categories = [], words: _, ...said }: ItemRecord): CatalogueItem {
  return { id, title, categories, count: 0, ...said, isNew: true };
}
