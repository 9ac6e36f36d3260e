/** The trained catalogue with what has been said of its items since. */
import type { Catalogue } from './catalogue.ts';
import type { CatalogueItem } from './item.ts';
import { newItem } from './record.ts';
import type { CatalogueSnapshot } from './snapshot.ts';

/**
 * The item with this id, also where the model could not take it over because it has no vectors of words.
 */
export async function findItem(
  catalogue: Catalogue,
  { records }: CatalogueSnapshot,
  id: string,
): Promise<CatalogueItem | undefined> {
  if (catalogue.indexOf(id) !== undefined) return catalogue.find(id);
  const record = records.find((each) => each.id === id && !each.deleted);
  return record && newItem(record);
}
