import type { Catalogue } from '../../catalogue/catalogue.ts';
import { defineFilter, type UnknownEntry } from './filter.ts';

/** Keeps the items of at least one of the categories. */
export const categories = defineFilter({
  field: {
    kind: 'names',
    description: 'Only items of at least one of these (`GET /v1/categories`); items of any when empty',
    most: 100, // more than a page lets its visitors choose from
  },
  apply(mask, names, { catalogue }) {
    if (names.length === 0) return;
    const wanted = new Uint8Array(mask.length);
    for (const name of names) for (const item of catalogue.categories.get(name) ?? []) wanted[item] = 1;
    for (let item = 0; item < mask.length; item++) mask[item] &= wanted[item];
  },
  unknown: unknownCategories,
});

/** The names that are no categories. */
export function unknownCategories(names: string[], { categories }: Catalogue): UnknownEntry[] {
  const message = 'The catalogue has no such category (GET /v1/categories)';
  return names.flatMap((name, index) => (categories.has(name) ? [] : [{ index, message }]));
}
