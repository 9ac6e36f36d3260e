import { LRUCache } from 'lru-cache';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { ItemMask } from '../../engine/ranking.ts';
import { type Expression, predicateOf } from '../../rules/expression.ts';
import { defineFilter } from './filter.ts';

/** Filters whose masks are kept per catalogue. */
const MOST_MASKS = 32;

const masks = new WeakMap<Catalogue, LRUCache<string, ItemMask>>();

/** Keeps the items that the expression holds for. */
export const properties = defineFilter({
  field: {
    kind: 'expression',
    description:
      'Only items that it holds for: `{"price": {"lte": 50}, "brand": ["a", "b"], "not": {"categories": "Gifts"}}`',
  },
  apply(mask, expression, { catalogue }) {
    if (expression === undefined) return;
    const wanted = maskOf(expression, catalogue);
    for (let item = 0; item < mask.length; item++) mask[item] &= wanted[item];
  },
});

/** The items that the expression holds for; made once per catalogue. */
export function maskOf(expression: Expression, catalogue: Catalogue): ItemMask {
  const kept = masks.get(catalogue) ?? new LRUCache<string, ItemMask>({ max: MOST_MASKS });
  masks.set(catalogue, kept);
  const key = JSON.stringify(expression);
  const known = kept.get(key);
  if (known) return known;
  const mask = Uint8Array.from(catalogue.items, predicateBits(expression));
  kept.set(key, mask);
  return mask;
}

function predicateBits(expression: Expression) {
  const holds = predicateOf(expression);
  return (item: Catalogue['items'][number]) => Number(holds(item));
}
