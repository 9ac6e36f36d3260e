/** What is reported of each request, and that none of it names a user or an item. */
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { dataPoint } from '../../worker/observe/data-point.ts';
import { MANIFEST } from './fake-model.ts';
import { type Json, serviceOf } from './helpers.ts';
import { MemoryStore } from './memory.ts';
import { pathOf, Visitor } from './visitor.ts';

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** One line of `/metrics` each, in the order of the names. */
async function metricsOf({ app }: Pick<Visitor, 'app'>): Promise<string[]> {
  const response = await app.request('/metrics');
  expect(response.headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('a user’s visits: what each cost is in the facts and adds up in the counters', async () => {
  const visitor = new Visitor({});
  await visitor.append('ada', ['1', '2']);
  await visitor.recommend('ada');
  await visitor.append('ada', ['3']);
  await visitor.recommend('ada');
  await visitor.recommend('ada');
  const route = '/v1/users/:user_id/recommendations';
  const list = {
    method: 'GET',
    route,
    status: 200,
    lists: 1,
    model: MANIFEST.id,
    sources: { model: 1 },
    degraded: false,
  };
  expect(visitor.facts.filter((facts) => facts.route === route)).toMatchObject([
    { ...list, cache: 'miss', reused_items: 0, prefilled_items: 2 },
    { ...list, cache: 'extended', reused_items: 2, prefilled_items: 1 },
    { ...list, cache: 'hit', reused_items: 3, prefilled_items: 0 },
  ]);
  const metrics = await metricsOf(visitor);
  const of = `source="model",model="${MANIFEST.id}"`;
  expect(metrics).toEqual(
    expect.arrayContaining([
      `earn_requests_total{method="POST",route="/v1/users/:user_id/interactions",status="201"} 2`,
      `earn_requests_total{method="GET",route="${route}",status="200"} 3`,
      `earn_lists_total{cache="miss",${of}} 1`,
      `earn_lists_total{cache="extended",${of}} 1`,
      `earn_lists_total{cache="hit",${of}} 1`,
      `earn_prefilled_items_total{model="${MANIFEST.id}"} 3`,
      `earn_reused_items_total{model="${MANIFEST.id}"} 5`,
    ]),
  );
  expect(metrics.some((line) => line.startsWith('earn_problems_total'))).toBe(false);
});

test('a cache that can not be read shows as degraded', async () => {
  const store = new MemoryStore();
  store.get = () => Promise.reject(new Error('unreachable'));
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const visitor = new Visitor({ store });
  await visitor.append('ada', ['1']);
  await visitor.recommend('ada');
  expect(visitor.facts.at(-1)).toMatchObject({ cache: 'miss', degraded: true });
  expect(await metricsOf(visitor)).toContain(`earn_degraded_total{model="${MANIFEST.id}"} 1`);
});

test('each problem is counted by its code, with the route where there is one', async () => {
  const service = serviceOf(() => Promise.reject(new Error('no network')));
  const { app, facts } = service;
  await app.request('/v1/items?limit=0');
  await app.request('/v1/items');
  await app.request('/wp-admin.php', { method: 'PROPFIND' });
  expect(facts).toMatchObject([
    { route: '/v1/items', status: 422, problem: 'invalid_request' },
    { route: '/v1/items', status: 503, problem: 'model_unavailable' },
    { route: 'none', status: 404, problem: 'route_unknown' },
  ]);
  expect(await metricsOf(service)).toEqual(
    expect.arrayContaining([
      'earn_requests_total{method="PROPFIND",route="none",status="404"} 1',
      'earn_problems_total{code="invalid_request"} 1',
      'earn_problems_total{code="model_unavailable"} 1',
      'earn_problems_total{code="route_unknown"} 1',
    ]),
  );
});

test('a thousand users, items and unknown paths make no more series than one', async () => {
  const visitor = new Visitor({});
  const visit = async (name: string) => {
    await visitor.append(name, ['1', name]);
    await visitor.request('GET', `/v1/items/${name}`);
    await visitor.request('GET', `/${name}`);
    await visitor.request('GET', `/model/${name}`).catch(() => {});
  };
  await visit('first');
  const series = (await metricsOf(visitor)).map((line) => line.slice(0, line.lastIndexOf(' ')));
  for (let user = 0; user < 1000; user++) await visit(`someone-${user}`);
  const later = (await metricsOf(visitor)).map((line) => line.slice(0, line.lastIndexOf(' ')));
  // The first `/metrics` was not yet counted when it answered.
  expect(later.filter((name) => !name.includes('route="/metrics"'))).toEqual(series);
  expect(JSON.stringify([visitor.facts, later])).not.toMatch(/first|someone/);
});

test('a batch counts each list under its own source', async () => {
  const visitor = new Visitor({});
  const requests = [{ history: ['1'] }, {}, { history: ['2'] }, { history: ['3'], ranker: 'popular' }];
  await visitor.request('POST', '/v1/recommendations:batch', { requests });
  expect(visitor.facts.at(-1)).toMatchObject({ lists: 4, sources: { model: 2, popular: 2 } });
  expect(dataPoint(visitor.facts.at(-1)!).blobs![5]).toBe('model+popular');
  expect(await metricsOf(visitor)).toEqual(
    expect.arrayContaining([
      `earn_lists_total{cache="none",source="model",model="${MANIFEST.id}"} 2`,
      `earn_lists_total{cache="none",source="popular",model="${MANIFEST.id}"} 2`,
    ]),
  );
});

test('the request id of the facts is that of the answer', async () => {
  const { app, facts } = serviceOf(() => Promise.reject(new Error('no network')));
  const response = await app.request('/v1/items');
  expect(facts[0].request_id).toBe(response.headers.get('X-Request-Id'));
  expect(facts[0].request_id).toBe(((await response.json()) as Json).request_id);
});

test('a data point has its columns in the order that queries rely on, within the limits', () => {
  const facts = {
    request_id: 'r-1',
    method: 'GET',
    route: '/v1/users/:user_id/recommendations',
    status: 200,
    duration_ms: 12,
    lists: 1,
    model: MANIFEST.id,
    sources: { model: 1 },
    cache: 'extended',
    reused_items: 150,
    prefilled_items: 3,
    degraded: false,
  };
  expect(dataPoint(facts)).toEqual({
    indexes: ['/v1/users/:user_id/recommendations'],
    blobs: ['GET', facts.route, '200', '', MANIFEST.id, 'model', 'extended'],
    doubles: [12, 1, 150, 3, 0],
  });
  const { request_id, method, route, status, duration_ms } = facts;
  expect(dataPoint({ request_id, method, route, status, duration_ms, problem: 'internal' })).toEqual({
    indexes: [route],
    blobs: ['GET', route, '200', 'internal', '', '', ''],
    doubles: [12, 0, 0, 0, 0],
  });
});

test('no route is longer than an index of Analytics Engine may be', () => {
  const { app } = serviceOf(() => Promise.reject(new Error('never asked')));
  for (const { path } of app.routes) expect(new TextEncoder().encode(path).length).toBeLessThanOrEqual(96);
});

test.each([
  ['miss', ['model', 'log', 'state', 'prefill', 'search', 'total']],
  ['hit', ['model', 'log', 'total']],
])('Server-Timing shows the stages of a %s', async (status, stages) => {
  const visitor = new Visitor({});
  await visitor.append('ada', ['1']);
  if (status === 'hit') await visitor.recommend('ada');
  const response = await visitor.request('GET', `${pathOf('ada')}/recommendations`);
  expect(((await response.json()) as Json).cache.status).toBe(status);
  const names = response.headers
    .get('Server-Timing')!
    .split(',')
    .map((part) => part.trim().split(';')[0]);
  expect(names.toSorted()).toEqual(stages.toSorted());
  expect(response.headers.get('Server-Timing')).toMatch(/^\w+;dur=\d/);
});

test('the deployed Worker logs one line of JSON a request', async () => {
  const { default: worker } = await import('../../worker/index.ts');
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(line));
  await worker.fetch(new Request('http://local/icon.svg', { headers: { 'X-Request-Id': 'r-17' } }), env);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0])).toEqual({
    level: 'info',
    event: 'request',
    request_id: 'r-17',
    method: 'GET',
    route: '/icon.svg',
    status: 200,
    duration_ms: expect.any(Number),
  });
});
