import { expect, test } from 'vitest';
import { MANIFEST } from './fake-model.ts';
import { fakeService, type Json, post } from './helpers.ts';

async function recommend(body: unknown, service = fakeService()): Promise<Json> {
  const response = await post(service.app, body);
  expect(response.status).toBe(200);
  return response.json();
}

const idsOf = (list: Json): string[] => list.items.map((item: Json) => item.id);

test('a history gets titles, scores and ranks', async () => {
  expect(await recommend({ history: ['1', '2'], k: 2 })).toEqual({
    items: [
      { id: '3', title: 'Misérables, Les (1995)', score: expect.any(Number), rank: 1 },
      { id: '4', title: "Schindler's List (1993)", score: expect.any(Number), rank: 2 },
    ],
    source: 'model',
    model: { id: MANIFEST.id },
    cache: { status: 'none', reused_items: 0, prefilled_items: 2 },
    ignored_items: [],
  });
});

test('the model sees the history in its order', async () => {
  const service = fakeService();
  await recommend({ history: ['3', '1', '2', '1'] }, service);
  expect(service.model.prefills).toEqual([[2, 0, 1, 0]]);
});

test('every field is optional: {} is a newcomer who gets ten items from the prior', async () => {
  const list = await recommend({});
  expect(list.items).toHaveLength(10);
  expect(list).toMatchObject({ source: 'prior', cache: { prefilled_items: 0 } });
});

test('so is the body', async () => {
  const response = await fakeService().app.request('/v1/recommendations', { method: 'POST' });
  expect(((await response.json()) as Json).source).toBe('prior');
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
  const list = await recommend({ history: ['x', '1', 'a', 'x', '__proto__', 'constructor'] }, service);
  expect(list.ignored_items).toEqual(['x', 'a', '__proto__', 'constructor']);
  expect(list.source).toBe('model');
  expect(service.model.prefills).toEqual([[0]]);
});

test('a history of unknown ids alone gets the prior', async () => {
  expect(await recommend({ history: ['x'] })).toMatchObject({ source: 'prior', ignored_items: ['x'] });
});

test('fewer items than k when no more are left', async () => {
  const list = await recommend({ k: 100, exclude: ['1', '2', '3'] });
  expect(list.items.map((item: Json) => item.rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
