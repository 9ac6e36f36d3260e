/** The Worker as it is deployed, with the embedded model. */
import { exports } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { someone } from './durable.ts';
import { type Json, listed } from './helpers.ts';
import { listOf, pathOf } from './visitor.ts';

const ORIGIN = 'https://earn-edge.example';
const get = (path: string) => exports.default.fetch(`${ORIGIN}${path}`);

async function send(path: string, body: unknown, status: number): Promise<Json> {
  const init = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
  const response = await exports.default.fetch(`${ORIGIN}${path}`, init);
  expect(response.status).toBe(status);
  return response.json();
}

const recommend = (query: unknown) => send('/v1/recommendations', query, 200);

/** Interactions as a body has them. */
const bodyOf = (ids: string[]) => ({ items: ids.map((id) => ({ id })) });

test('requests that come together wait for one model, and it is healthy', async () => {
  const responses = await Promise.all([get('/healthz'), get('/healthz'), get('/v1/items?q=toy+story')]);
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
  const [health, , items]: Json[] = await Promise.all(responses.map((response) => response.json()));
  expect(health.model.items).toBeGreaterThan(1000);
  expect(items.items[0].title).toBe('Toy Story (1995)');
});

test('a history gets ten films that it does not contain, best first', async () => {
  const history = ['1', '1196', '260'];
  const list = await recommend({ history });
  expect(list).toMatchObject({ source: 'model', ignored_items: [], cache: { prefilled_items: 3 } });
  expect(list.items).toHaveLength(10);
  expect(new Set(list.items.map((item: Json) => item.id)).size).toBe(10);
  for (const { id } of list.items) expect(history).not.toContain(id);
  const scores: number[] = list.items.map((item: Json) => item.score);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  expect(scores.every((score) => score < 0)).toBe(true);
});

test('each ranker makes its own list, also of a state that is cached', async () => {
  const history = ['1', '1196', '260'];
  await send('/v1/users/dora/interactions', bodyOf(history), 201);
  const lists = new Set<string>();
  for (const ranker of ['latent', 'beam', 'hybrid', 'popular', 'similar']) {
    const { items } = await recommend({ history, ranker });
    expect(items).toHaveLength(10);
    const kept: Json = await (await get(`/v1/users/dora/recommendations?ranker=${ranker}`)).json();
    expect(kept.items).toEqual(items);
    lists.add(JSON.stringify(items));
  }
  expect(lists.size).toBe(5);
  const refused = await send('/v1/recommendations', { history, ranker: 'greedy' }, 422);
  expect(refused.errors).toMatchObject([{ path: '/ranker' }]);
});

test('the same history gets the same list, another history another', async () => {
  const [a, b] = await Promise.all([recommend({ history: ['1'] }), recommend({ history: ['1'] })]);
  expect(listed(b)).toEqual(listed(a));
  expect((await recommend({ history: ['1219', '1258'] })).items).not.toEqual(a.items);
});

test('someone without a history gets the most popular films', async () => {
  const list = await recommend({ ranker: 'popular' });
  expect(list.source).toBe('popular');
  expect(list.items).toHaveLength(10);
  const counts = [];
  for (const { id } of list.items) counts.push((await (await get(`/v1/items/${id}`)).json<Json>()).count);
  expect(counts).toEqual(counts.toSorted((a, b) => b - a));
  expect(counts[9]).toBeGreaterThan(100);
});

test('a list of a small category is full, and holds nothing else', async () => {
  const { categories } = await (await get('/v1/categories')).json<Json>();
  const { name, items } = categories.at(-1);
  expect(items).toBeLessThan(100);
  const list = await recommend({ history: ['1', '260'], categories: [name], k: 100, include_seen: true });
  expect(list.items).toHaveLength(items);
  for (const { id } of list.items) {
    expect((await (await get(`/v1/items/${id}`)).json<Json>()).categories).toContain(name);
  }
  const part = await recommend({
    history: ['1', '260'],
    categories: [name],
    k: 5,
    offset: 3,
    include_seen: true,
  });
  expect(part.items.map(({ rank }: Json) => rank)).toEqual([4, 5, 6, 7, 8]);
});

test('similar films', async () => {
  const { items } = await (await get('/v1/items/1/similar?k=5')).json<Json>();
  expect(items).toHaveLength(5);
  for (const { id, score } of items) {
    expect(id).not.toBe('1');
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThan(1);
    // Alike from either side.
    const back = await (await get(`/v1/items/${id}/similar?k=100`)).json<Json>();
    const own = back.items.find((item: Json) => item.id === '1');
    if (own) expect(own.score).toBeCloseTo(score, 6);
  }
});

test('a batch gets the lists that its histories get alone', async () => {
  const requests = [
    { history: ['1', '260'], k: 3 },
    {},
    { history: ['1219'], categories: ['Comedy'], offset: 2, k: 4 },
  ];
  const { results } = await send('/v1/recommendations:batch', { requests }, 200);
  for (const [index, request] of requests.entries()) {
    expect(listed(results[index])).toEqual(listed(await recommend(request)));
  }
});

test('the longest history and the longest list', async () => {
  const { items } = await (await get('/v1/items?limit=100')).json<Json>();
  const ids: string[] = items.map((item: Json) => item.id);
  const history = Array.from({ length: 10_000 }, (_, index) => ids[index % ids.length]);
  const list = await recommend({ history, k: 100 });
  expect(list.items).toHaveLength(100);
  for (const { id } of list.items) expect(ids).not.toContain(id);
});

test('the files of the model can be fetched, nothing else of the folder', async () => {
  const manifest = await (await get('/model/manifest.json')).json<Json>();
  const [shard] = manifest.shards;
  const bytes = await (await get(`/model/${shard.path}?sha256=${shard.sha256}`)).arrayBuffer();
  expect(bytes.byteLength).toBe(shard.bytes);
  for (const path of ['/manifest.json', `/${shard.path}`, '/model/nothing', '/model/']) {
    expect((await get(path)).status, path).toBe(404);
  }
});

test('a user who comes back gets what their whole history leads to, and only what is new is prefilled', async () => {
  const { items } = await (await get('/v1/items?limit=60')).json<Json>();
  const ids: string[] = items.map((item: Json) => item.id);
  const user = pathOf(someone());
  let seen = 0;
  for (const length of [1, 2, 9, 40, 60]) {
    const visit = bodyOf(ids.slice(seen, length));
    // Either way of coming back: one request, or two.
    if (length % 2 === 0) await send(`${user}/interactions`, visit, 201);
    const list: Json = await (length % 2 === 0
      ? (await get(`${user}/recommendations`)).json()
      : send(`${user}/recommendations`, visit, 200));
    expect(list.cache).toMatchObject({
      status: seen === 0 ? 'miss' : 'extended',
      reused_items: seen,
      prefilled_items: length - seen,
      degraded: false,
    });
    expect(listOf(list)).toEqual(listOf(await recommend({ history: ids.slice(0, length) })));
    const again = await (await get(`${user}/recommendations`)).json<Json>();
    expect(again.cache).toMatchObject({ status: 'hit', prefilled_items: 0 });
    expect(listOf(again)).toEqual(listOf(list));
    seen = length;
  }
  // The first of these states was written at once, the last one is when the user has paused.
  await expect
    .poll(async () => (await (await get(user)).json<Json>()).state, { timeout: 60_000 })
    .toMatchObject({ items: 60 });
  expect((await exports.default.fetch(`${ORIGIN}${user}`, { method: 'DELETE' })).status).toBe(204);
  expect(await (await get(user)).json()).toMatchObject({ length: 0, state: null });
});

test('64 requests of one user at the same time are all in the log, each once', async () => {
  const user = pathOf(someone());
  const ids = Array.from({ length: 64 }, (_, index) => `film-${index}`);
  const answers = await Promise.all(ids.map((id) => send(`${user}/interactions`, bodyOf([id]), 201)));
  expect(answers.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual(
    ids.map((_, index) => index + 1),
  );
  const { items } = await (await get(`${user}/interactions`)).json<Json>();
  expect(items).toHaveLength(64);
  // The place that each was told is its place.
  for (const [index, { length }] of answers.entries()) expect(items[64 - length].id).toBe(ids[index]);
});
