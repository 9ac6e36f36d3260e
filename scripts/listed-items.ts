import type { CatalogueItem } from '../worker/catalogue/item.ts';
import type { Model } from '../worker/models/model.ts';
import { UserError } from './errors.ts';

/**
 * All items of a model, for commands that go through them. @throws {UserError} where they are not in memory
 */
export function listedItems({ catalogue }: Pick<Model, 'catalogue'>): readonly CatalogueItem[] {
  if (catalogue.items) return catalogue.items;
  throw new UserError('this command needs a model with all items in memory: build:model --items memory');
}
