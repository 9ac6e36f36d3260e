/** The Worker as it is deployed, with the embedded model. */
import { exports } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import type { Json } from './helpers.ts';

const ORIGIN = 'https://earn-edge.example';
const get = (path: string) => exports.default.fetch(`${ORIGIN}${path}`);

async function recommend(query: unknown): Promise<Json> {
  const init = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(query),
  };
  const response = await exports.default.fetch(`${ORIGIN}/v1/recommendations`, init);
  expect(response.status).toBe(200);
  return response.json();
}

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

test('the same history gets the same list, another history another', async () => {
  const [a, b] = await Promise.all([recommend({ history: ['1'] }), recommend({ history: ['1'] })]);
  expect(b).toEqual(a);
  expect((await recommend({ history: ['1219', '1258'] })).items).not.toEqual(a.items);
});

test('someone without a history gets the prior', async () => {
  const list = await recommend({});
  expect(list.source).toBe('prior');
  expect(list.items).toHaveLength(10);
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
