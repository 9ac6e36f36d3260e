/** Filters on a catalogue of four items: what each hides, alone and together. */
import { expect, test } from 'vitest';
import { ListedCatalogue } from '../../worker/catalogue/listed-catalogue.ts';
import {
  allowedItems,
  type FilterValues,
  NO_FILTERS,
  unknownEntries,
} from '../../worker/recommend/filters/index.ts';

const catalogue = new ListedCatalogue(
  [['Drama', 'Comedy'], ['Comedy'], [], ['Drama', 'Drama']].map((categories, index) => ({
    id: `${index}`,
    title: '',
    categories,
    count: 1,
  })),
);

const allowed = (values: Partial<FilterValues>, had: number[] = []) => [
  ...allowedItems({ ...NO_FILTERS, ...values }, { catalogue, had: Int32Array.from(had), includeSeen: false }),
];

test('without a filter, everything but what the user has had', () => {
  expect(allowed({})).toEqual([1, 1, 1, 1]);
  expect(allowed({}, [2])).toEqual([1, 1, 0, 1]);
});

test('what the model says of seen items holds unless the request says otherwise', () => {
  const context = { catalogue, had: Int32Array.of(2), includeSeen: true };
  expect([...allowedItems(NO_FILTERS, context)]).toEqual([1, 1, 1, 1]);
  expect([...allowedItems({ ...NO_FILTERS, include_seen: false }, context)]).toEqual([1, 1, 0, 1]);
});

test.each<[Partial<FilterValues>, number[]]>([
  [{ include_seen: true }, [1, 1, 1, 1]],
  [{ exclude: ['0', '2'] }, [0, 0, 0, 1]],
  [{ exclude: ['sold out long ago'] }, [1, 0, 1, 1]],
  [{ categories: ['Drama'] }, [1, 0, 0, 1]],
  [{ categories: ['Drama', 'Comedy'] }, [1, 0, 0, 1]],
  [{ categories: ['Drama', 'Comedy'], include_seen: true, exclude: ['3'] }, [1, 1, 0, 0]],
  [{ categories: ['drama', 'constructor'] }, [0, 0, 0, 0]],
  [{ exclude_categories: ['Comedy'] }, [0, 0, 1, 1]],
  [{ categories: ['Drama'], exclude_categories: ['Comedy'], include_seen: true }, [0, 0, 0, 1]],
])('%j after item 1 allows %j', (values, mask) => {
  expect(allowed(values, [1])).toEqual(mask);
});

test('only a category can be unknown, and it is named by its place', () => {
  const values = {
    ...NO_FILTERS,
    exclude: ['no item'],
    categories: ['Drama', 'drama', 'constructor'],
    exclude_categories: ['Comedy', 'comedy'],
  };
  expect(unknownEntries(values, catalogue).map(({ field, index }) => [field, index])).toEqual([
    ['categories', 1],
    ['categories', 2],
    ['exclude_categories', 1],
  ]);
});
