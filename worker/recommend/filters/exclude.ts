import { defineFilter } from './filter.ts';

/**
 * Hides items by id. Ids that the catalogue does not have are no mistake: callers exclude what they have
 * sold.
 */
export const exclude = defineFilter({
  // As long as a history may be.
  field: {
    kind: 'ids',
    description: 'Ids that must not be in the list; others take their places',
    most: 10_000,
  },
  apply(mask, ids, { catalogue }) {
    for (const id of ids) {
      const item = catalogue.indexOf(id);
      if (item !== undefined) mask[item] = 0;
    }
  },
});
