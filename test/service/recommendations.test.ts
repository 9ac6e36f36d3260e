import { expect, test } from 'vitest';
import { MANIFEST } from './fake-model.ts';
import { fakeService, type Json, listed, post, problemOf } from './helpers.ts';

async function recommend(body: unknown, service = fakeService()): Promise<Json> {
  const response = await post(service.app, body);
  expect(response.status).toBe(200);
  return response.json();
}

const idsOf = (list: Json): string[] => list.items.map((item: Json) => item.id);

test('a history gets titles, scores and ranks', async () => {
  expect(await recommend({ history: ['1', '2'], k: 2 })).toEqual({
    items: [
      { id: '3', title: 'Misérables, Les (1995)', categories: ['Drama'], score: expect.any(Number), rank: 1 },
      {
        id: '4',
        title: "Schindler's List (1993)",
        categories: ['Drama', 'Comedy'],
        score: expect.any(Number),
        rank: 2,
      },
    ],
    source: 'model',
    ranker: 'beam',
    recommendation_id: expect.any(String),
    model: { id: MANIFEST.id },
    catalogue: { version: 0, degraded: false },
    cache: { status: 'none', reused_items: 0, prefilled_items: 2 },
    ignored_items: [],
    ignored_count: 0,
  });
});

test('the model sees the history in its order', async () => {
  const service = fakeService();
  await recommend({ history: ['3', '1', '2', '1'] }, service);
  expect(service.model.prefills).toEqual([[2, 0, 1, 0]]);
});

test('every field is optional: {} is a newcomer who gets the ten most popular items', async () => {
  const list = await recommend({});
  expect(list.items).toHaveLength(10);
  expect(list).toMatchObject({ source: 'popular', cache: { prefilled_items: 0 } });
  // 11, 10, 9 and so on of 66 interactions, and every film once more.
  expect(idsOf(list)).toEqual(['8', '3', '10', '5', '12', '7', '2', '9', '4', '11']);
  const shares = list.items.map(({ score }: Json) => 78 * Math.exp(score));
  expect(shares).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3].map((count) => expect.closeTo(count, 9)));
});

test('a newcomer may ask for anything that others may', async () => {
  const query = { categories: ['Comedy', 'Western'], exclude: ['10', '7'], k: 2, offset: 1 };
  const list = await recommend(query);
  // Comedies are 1, 4, 7, 10, westerns 1, 6, 11.
  expect(list.items).toMatchObject([
    { id: '11', rank: 2 },
    { id: '6', rank: 3 },
  ]);
});

test('so is the body', async () => {
  const response = await fakeService().app.request('/v1/recommendations', { method: 'POST' });
  expect(((await response.json()) as Json).source).toBe('popular');
});

test('what has been seen is not recommended, unless asked for', async () => {
  expect(idsOf(await recommend({ history: ['1', '2'], k: 1 }))).toEqual(['3']);
  expect(idsOf(await recommend({ history: ['1', '2'], k: 1, include_seen: true }))).toEqual(['2']);
});

test('a film seen before the window of the model is still seen', async () => {
  const list = await recommend({ history: ['1', '2', '3', '4', '5', '6'] });
  expect(list.cache.prefilled_items).toBe(4);
  expect(idsOf(list)).toEqual(['7', '8', '9', '10', '11', '12']);
});

test('excluded films are not recommended, even with include_seen', async () => {
  const list = await recommend({ history: ['2'], exclude: ['1', 'no such film'], include_seen: true, k: 2 });
  expect(idsOf(list)).toEqual(['2', '3']);
});

test('unknown ids are left out of the history and named once each, in their order', async () => {
  const service = fakeService();
  const list = await recommend({ history: ['x', 'constructor', 'x', '1', '__proto__'] }, service);
  expect(list).toMatchObject({ ignored_items: ['x', 'constructor', '__proto__'], ignored_count: 3 });
  expect(list.source).toBe('model');
  expect(service.model.prefills).toEqual([[0]]);
});

test('a history of unknown ids alone gets what is popular', async () => {
  expect(await recommend({ history: ['x'] })).toMatchObject({ source: 'popular', ignored_items: ['x'] });
});

test('fewer items than k when no more are left', async () => {
  for (const history of [[], ['4']]) {
    const list = await recommend({ history, k: 100, exclude: ['1', '2', '3'], include_seen: true });
    expect(list.items.map((item: Json) => item.rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
});

test('a list from an offset on is a slice of the longer list, with its ranks', async () => {
  for (const history of [[], ['5']]) {
    for (const [offset, k] of [
      [0, 3],
      [1, 1],
      [4, 5],
      [9, 10],
      [12, 1],
      [50, 50],
      [99, 1],
    ]) {
      const whole = await recommend({ history, k: offset + k });
      const part = await recommend({ history, offset, k });
      expect(part.items).toEqual(whole.items.slice(offset));
    }
  }
});

test('only films of one of the categories', async () => {
  const history = ['1', '6'];
  expect(idsOf(await recommend({ history, categories: ['Western'] }))).toEqual(['11']);
  expect(idsOf(await recommend({ history, categories: ['Western', 'Comedy'] }))).toEqual([
    '7',
    '10',
    '11',
    '4',
  ]);
  const all = await recommend({ history });
  expect(listed(await recommend({ history, categories: [] }))).toEqual(listed(all));
  expect(listed(await recommend({ history, categories: ['Drama'] }))).toEqual(listed(all));
});

test('no film of an excluded category, in a body and in a URL', async () => {
  const query = { history: ['1'], exclude_categories: ['Western', 'Comedy'] };
  expect(idsOf(await recommend(query))).toEqual(['2', '3', '5', '8', '9', '12']);
  const { app } = fakeService();
  const similar = await app.request(
    '/v1/items/5/similar?exclude_categories=Comedy&exclude_categories=Western',
  );
  expect(idsOf(await similar.json())).toEqual(['3', '2', '8', '9', '12']);
  const refused = await app.request('/v1/items/5/similar?exclude_categories=comedy');
  const { errors } = await problemOf(refused, 422, 'invalid_request');
  expect(errors[0].path).toBe('query/exclude_categories/0');
});

test('a category that the catalogue does not have is named', async () => {
  for (const history of [[], ['1']]) {
    const response = await post(fakeService().app, {
      history,
      categories: ['Comedy', 'comedy', '__proto__'],
    });
    const { errors } = await problemOf(response, 422, 'invalid_request');
    expect(errors.map(({ path }: Json) => path)).toEqual(['/categories/1', '/categories/2']);
  }
});
