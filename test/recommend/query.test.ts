/** Lists are cached under a key; two questions may share one only if they have the same answer. */
import { expect, test } from 'vitest';
import { type ListQuery, listKey, queryFor } from '../../worker/recommend/query.ts';

const key = (change: Partial<ListQuery> = {}, model = 'a', now = 0) =>
  listKey({ ...queryFor(10), ...change }, model, change.ranker ?? 'latent', now);

test('every field of the query changes the key, also one that nobody has thought of yet', async () => {
  const keys = await Promise.all([
    key(),
    key({}, 'b'),
    key({}, 'a', 1),
    key({ k: 11 }),
    key({ exclude: ['1'] }),
    key({ exclude: ['1', '2'] }),
    key({ categories: ['1'] }),
    key({ include_seen: true }),
    key({ ranker: 'beam' }),
    key({ option_of_tomorrow: true } as Partial<ListQuery>),
  ]);
  expect(new Set(keys).size).toBe(keys.length);
});

test('the same question has the same key, in whatever order its fields stand', async () => {
  const { k, offset, ...filters } = queryFor(10);
  expect(await listKey({ ...filters, offset, k }, 'a', 'latent', 0)).toBe(await key());
});

test('pages that end at the same rank share a list, and the default ranker is the same as its name', async () => {
  expect(await key({ k: 5, offset: 5 })).toBe(await key());
  expect(await key({ ranker: 'latent' })).toBe(await key());
});

test('the key is short, however much is excluded', async () => {
  expect(await key({ exclude: Array.from({ length: 10_000 }, (_, i) => `item-${i}`) })).toHaveLength(64);
});
