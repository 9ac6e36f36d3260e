import { defineFilter } from './filter.ts';

/**
 * Hides what the user has had, unless the request wants it. The whole history counts, not only the context
 * window.
 */
export const includeSeen = defineFilter({
  field: { kind: 'flag', description: 'Whether items of the history may be recommended again' },
  apply(mask, included, { history }) {
    if (included) return;
    for (const item of history) mask[item] = 0;
  },
});
