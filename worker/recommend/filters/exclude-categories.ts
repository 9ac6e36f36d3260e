import { unknownCategories } from './categories.ts';
import { defineFilter } from './filter.ts';

/** Hides the items of any of the categories, also of an item that belongs to a wanted category as well. */
export const excludeCategories = defineFilter({
  field: {
    kind: 'names',
    description: 'No items of any of these (`GET /v1/categories`)',
    most: 100,
  },
  apply(mask, names, { catalogue }) {
    for (const name of names) for (const item of catalogue.categories.get(name) ?? []) mask[item] = 0;
  },
  unknown: unknownCategories,
});
