/** The language of filters: which of four items each expression holds for. */
import { expect, test } from 'vitest';
import type { CatalogueItem } from '../../worker/catalogue/item.ts';
import { ListedCatalogue } from '../../worker/catalogue/listed-catalogue.ts';
import { maskOf } from '../../worker/recommend/filters/properties.ts';
import type { Expression } from '../../worker/rules/expression.ts';

const items: CatalogueItem[] = [
  { id: 'pen', title: 'A pen', categories: ['Office'], count: 1, properties: { price: 2, brand: 'a' } },
  {
    id: 'ink',
    title: 'Ink',
    categories: ['Office', 'Art'],
    count: 1,
    properties: { price: 9.5, brand: 'b' },
  },
  { id: 'mug', title: 'A mug', categories: ['Gifts'], count: 1, properties: { tags: ['blue', 'big'] } },
  {
    id: 'cup',
    title: 'A cup',
    categories: [],
    count: 0,
    isNew: true,
    properties: { price: '9.5', sale: true },
  },
];
const catalogue = new ListedCatalogue(items);

test.each<[Expression, string[]]>([
  [{}, ['pen', 'ink', 'mug', 'cup']],
  [{ price: 9.5 }, ['ink']],
  [{ price: [2, '9.5'] }, ['pen', 'cup']],
  [{ price: { lt: 9.5 } }, ['pen']],
  [{ price: { lte: 9.5 } }, ['pen', 'ink']],
  [{ price: { gt: 2 } }, ['ink']],
  [{ price: { gte: 2, lt: 9 } }, ['pen']],
  [{ price: { gte: '9' } }, ['cup']], // texts compare with texts
  [{ brand: ['a', 'b'], price: { gt: 5 } }, ['ink']],
  [{ categories: 'Office' }, ['pen', 'ink']],
  [{ categories: ['Art', 'Gifts'] }, ['ink', 'mug']],
  [{ tags: 'big' }, ['mug']],
  [{ sale: true }, ['cup']],
  [{ new: true }, ['cup']],
  [{ new: false, categories: 'Gifts' }, ['mug']],
  [{ id: ['mug', 'nothing'] }, ['mug']],
  [{ price: { exists: true } }, ['pen', 'ink', 'cup']],
  [{ price: { exists: false } }, ['mug']],
  [{ not: { categories: 'Office' } }, ['mug', 'cup']],
  [{ not: { categories: 'Office', price: 2 } }, ['ink', 'mug', 'cup']],
  [{ any: [{ price: 2 }, { tags: 'blue' }] }, ['pen', 'mug']],
  [{ all: [{ categories: 'Office' }, { not: { brand: 'a' } }] }, ['ink']],
  [{ nothing: 1 }, []],
])('%j', (expression, ids) => {
  const mask = maskOf(expression, catalogue);
  expect(items.filter((_, index) => mask[index]).map(({ id }) => id)).toEqual(ids);
});

test('an expression is compiled once per catalogue', () => {
  expect(maskOf({ price: 2 }, catalogue)).toBe(maskOf({ price: 2 }, catalogue));
  expect(maskOf({ price: 2 }, new ListedCatalogue(items))).not.toBe(maskOf({ price: 2 }, catalogue));
});
