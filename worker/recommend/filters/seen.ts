import { itemOf } from '../../engine/token.ts';
import { isForbidden } from '../../events/event-types.ts';
import { defineFilter } from './filter.ts';

/**
 * Hides what the user has had, unless the request wants it. More than the context window counts: at least
 * the newest 10,000 events (`HAD_EVENTS`).
 */
export const includeSeen = defineFilter({
  field: {
    kind: 'flag',
    description:
      'Whether items of the history may be recommended again. By default as the data suggested: yes where people often take the same again',
  },
  apply(mask, included, { had, includeSeen }) {
    const listed = included ?? includeSeen;
    for (const entry of had) {
      if (isForbidden(entry)) mask[itemOf(entry)] = 0;
      else if (!listed) mask[entry] = 0;
    }
  },
});
