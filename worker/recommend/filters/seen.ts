import { defineFilter } from './filter.ts';

/**
 * Hides what the user has had, unless the request wants it. The whole history counts, not only the context
 * window.
 */
export const includeSeen = defineFilter({
  field: {
    kind: 'flag',
    description:
      'Whether items of the history may be recommended again. By default as the data suggested: yes where people often take the same again',
  },
  apply(mask, included, { history, includeSeen }) {
    if (included ?? includeSeen) return;
    for (const item of history) mask[item] = 0;
  },
});
