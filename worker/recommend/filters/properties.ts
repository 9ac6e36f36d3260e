import { LRUCache } from 'lru-cache';
import { BUDGET } from '../../cache/budget.ts';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { ItemMask } from '../../engine/ranking.ts';
import type { Expression } from '../../rules/expression.ts';
import { defineFilter } from './filter.ts';

/** Filters whose masks are kept per catalogue. */
const MOST_MASKS = 32;

const mostMasks = ({ size }: Catalogue) => Math.max(1, Math.min(MOST_MASKS, Math.floor(BUDGET.masks / size)));

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
  unknown(expression, catalogue) {
    const message = expression && catalogue.refusal(expression);
    return message ? [{ message }] : [];
  },
});

/** The items that the expression holds for; made once per catalogue. */
export function maskOf(expression: Expression, catalogue: Catalogue): ItemMask {
  const kept = masks.get(catalogue) ?? new LRUCache<string, ItemMask>({ max: mostMasks(catalogue) });
  masks.set(catalogue, kept);
  const key = JSON.stringify(expression);
  const known = kept.get(key);
  if (known) return known;
  const mask = catalogue.where(expression);
  kept.set(key, mask);
  return mask;
}
