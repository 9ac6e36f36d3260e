/** What a shop says of its items while a model serves, in two isolates of one deployment. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LiveCatalogue } from '../../worker/catalogue/catalogue-object.ts';
import { DurableTruth } from '../../worker/catalogue/durable-truth.ts';
import { LiveCopy } from '../../worker/catalogue/live-copy.ts';
import { MemoryTruth } from '../../worker/catalogue/memory-truth.ts';
import { CATALOGUE_KEY, type CatalogueSnapshot, catalogueSnapshot } from '../../worker/catalogue/snapshot.ts';
import { type CatalogueTruth, CatalogueUnavailable } from '../../worker/catalogue/truth.ts';
import { COUNTS_KEY } from '../../worker/live/counts-table.ts';
import { MemoryPublished } from '../../worker/live/memory-published.ts';
import { Published } from '../../worker/live/published.ts';
import { fakeClock } from './clock.ts';
import type { Json } from './helpers.ts';
import { MemoryLog, MemoryStore } from './memory.ts';
import { Visitor } from './visitor.ts';

const OBJECT = env.CATALOGUE.getByName('catalogue');

/** Writes a published copy as the object does. */
async function putCopy(json: { version: number }): Promise<void> {
  const packed = new Response(JSON.stringify(json)).body!.pipeThrough(new CompressionStream('gzip'));
  const metadata = { version: json.version };
  await env.LIVE.put(CATALOGUE_KEY, await new Response(packed).arrayBuffer(), { metadata });
}

/** An isolate whose catalogue is changed and read there. */
function shop(
  truth: CatalogueTruth = new MemoryTruth(),
  published = new MemoryPublished<CatalogueSnapshot>(),
) {
  const visitor = new Visitor({ catalogue: new LiveCopy(truth, published) });
  const send = async (method: string, path: string, body?: unknown): Promise<Json> => {
    const response = await visitor.request(method, path, body);
    return response.status === 204 ? null : response.json();
  };
  const listed = async (query: object = {}): Promise<string[]> => {
    const { items } = await visitor.fromScratch(['1'], { k: 100, ...query });
    return items.map(({ id }: Json) => id);
  };
  return { visitor, send, listed, truth, published };
}

test('an item that is sold out is in no list, and comes back', async () => {
  const { send, listed } = shop();
  expect(await listed()).toContain('5');
  expect(await send('PATCH', '/v1/items/5', { available: false })).toMatchObject({
    id: '5',
    available: false,
  });
  expect(await listed()).toEqual(['2', '3', '4', '6', '7', '8', '9', '10', '11', '12']);
  expect(await send('PATCH', '/v1/items/5', { available: true })).not.toHaveProperty('available');
  expect(await listed()).toContain('5');
});

test('an item is listed between its dates', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-12-01T00:00:00Z') });
  const { send, listed } = shop();
  const dates = { available_from: '2026-12-24T00:00:00Z', available_until: '2026-12-26T01:00:00+01:00' };
  expect(await send('PATCH', '/v1/items/5', dates)).toMatchObject({
    available_from: '2026-12-24T00:00:00.000Z',
    available_until: '2026-12-26T00:00:00.000Z',
  });
  for (const [now, there] of [
    ['2026-12-23T23:59:59Z', false],
    ['2026-12-24T00:00:00Z', true],
    ['2026-12-25T23:59:59Z', true],
    ['2026-12-26T00:00:00Z', false],
  ] as const) {
    vi.setSystemTime(Date.parse(now));
    expect((await listed()).includes('5'), now).toBe(there);
  }
  vi.useRealTimers();
});

test('what is said of an item is in its answer, in lists that ask for it, and found', async () => {
  const { visitor, send } = shop();
  const said = { title: 'Toy Tales', categories: ['Family'], properties: { price: 9.5, tags: ['a', 'b'] } };
  const item = { id: '1', count: 0, ...said };
  expect(await send('PUT', '/v1/items/1', said)).toEqual(item);
  expect(await send('GET', '/v1/items/1')).toEqual(item);
  expect((await send('GET', '/v1/items?q=tales')).items).toEqual([item]);
  expect((await send('GET', '/v1/items?q=toy+story')).items).toHaveLength(1); // the second film
  const { categories } = await send('GET', '/v1/categories');
  expect(categories).toContainEqual({ name: 'Family', items: 1 });
  const list = await visitor.fromScratch(['12'], { k: 1, return: ['price', 'colour'] });
  expect(list.items).toMatchObject([{ id: '1', title: 'Toy Tales', properties: { price: 9.5 } }]);
});

test('PATCH changes what it names, PUT everything, and null takes a field back', async () => {
  const { send } = shop();
  await send('PATCH', '/v1/items/1', { properties: { price: 1, stock: 2 } });
  await send('PATCH', '/v1/items/1', { title: 'A', properties: { stock: null, brand: 'b' } });
  expect(await send('GET', '/v1/items/1')).toMatchObject({
    title: 'A',
    properties: { price: 1, brand: 'b' },
  });
  await send('PATCH', '/v1/items/1', { title: null, properties: null });
  const { title, properties } = await send('GET', '/v1/items/1');
  expect([title, properties]).toEqual(['Toy Story (1995)', undefined]);
  await send('PATCH', '/v1/items/1', { available: false });
  expect(await send('PUT', '/v1/items/1', { properties: { price: 3 } })).not.toHaveProperty('available');
});

describe('a new item', () => {
  const heat = { title: 'Heat', categories: ['Crime'] };

  test('is found, listed, like others and others like it, and may stand in a history', async () => {
    const { visitor, send, listed } = shop();
    expect(await send('PUT', '/v1/items/heat', heat)).toEqual({ id: 'heat', count: 0, new: true, ...heat });
    expect(await send('GET', '/v1/items/heat')).toMatchObject(heat);
    expect(await listed()).toContain('heat');
    expect((await send('GET', '/v1/items/heat/similar')).items).toHaveLength(10);
    const similar = await send('GET', '/v1/items/12/similar?k=2');
    expect(similar.items).toMatchObject([{ id: '11' }, { id: 'heat', new: true }]);
    const list = await visitor.fromScratch(['1', 'heat'], { k: 1 });
    expect(list).toMatchObject({ source: 'model', ignored_items: [], cache: { prefilled_items: 2 } });
  });

  test('is known to users who had it before it was said', async () => {
    const { visitor, send } = shop();
    await visitor.append('ada', ['1', 'heat', '2']);
    expect(await visitor.recommend('ada')).toMatchObject({ ignored_items: ['heat'] });
    await visitor.settled();
    await send('PUT', '/v1/items/heat', heat);
    const after = await visitor.recommend('ada');
    expect(after).toMatchObject({ ignored_items: [] });
    const { items } = await visitor.fromScratch(['1', 'heat', '2']);
    expect(after.items).toEqual(items);
  });

  test('keeps its vector when its title is corrected: states stay valid', async () => {
    const { visitor, send, truth } = shop();
    await send('PUT', '/v1/items/heat', heat);
    await visitor.append('ada', ['1', 'heat']);
    await visitor.recommend('ada');
    await send('PATCH', '/v1/items/heat', { title: 'Heat (1995)', categories: ['Drama'] });
    expect((await visitor.recommend('ada')).cache.status).toBe('hit');
    expect((await truth.all()).records[0]).toMatchObject({ title: 'Heat (1995)', words: 'Heat\nCrime' });
  });

  test('that is deleted is in no list, is not found, and stays in histories', async () => {
    const { visitor, send, listed } = shop();
    await send('PUT', '/v1/items/heat', heat);
    expect((await visitor.request('DELETE', '/v1/items/heat')).status).toBe(204);
    expect((await visitor.request('DELETE', '/v1/items/heat')).status).toBe(204);
    for (const path of ['heat', 'heat/similar', 'heat/next']) {
      expect((await visitor.request('GET', `/v1/items/${path}`)).status).toBe(404);
    }
    expect(await listed()).not.toContain('heat');
    expect(await visitor.fromScratch(['heat'])).toMatchObject({ source: 'model', ignored_items: [] });
    await send('PUT', '/v1/items/heat', heat);
    expect(await listed()).toContain('heat');
  });
});

test('a category whose last item went still narrows lists, to nothing', async () => {
  const { send, listed } = shop();
  expect(await listed({ categories: ["Children's"], include_seen: true })).toEqual(['1']);
  await send('DELETE', '/v1/items/1');
  expect(await listed({ categories: ["Children's"], include_seen: true })).toEqual([]);
  const { categories } = await send('GET', '/v1/categories');
  expect(categories.map(({ name }: Json) => name)).toEqual(['Drama', 'Comedy', 'Western']);
});

test.each([
  ['PATCH', '/v1/items/nobody', { available: false }, 404],
  ['DELETE', '/v1/items/nobody', undefined, 404],
  ['PUT', '/v1/items/1', { colour: 'red' }, 422],
  ['PUT', '/v1/items/1', { properties: { new: true } }, 422],
  ['PUT', '/v1/items/1', { properties: { price: { amount: 1 } } }, 422],
  ['PUT', '/v1/items/1', { available_from: 'tomorrow' }, 422],
  ['PUT', '/v1/items/%00', {}, 422],
  ['PUT', '/v1/items:batch', { items: [] }, 422],
  ['PUT', '/v1/rules/a%2Fb', { action: 'hide', filter: {} }, 422],
  ['PUT', '/v1/rules/a', { action: 'boost', factor: 1, filter: {} }, 422],
  ['PUT', '/v1/rules/a', { action: 'hide', filter: { not: [] } }, 422],
])('%s %s %j is a %i and changes nothing', async (method, path, body, status) => {
  const { visitor, truth } = shop();
  expect((await visitor.request(method, path, body)).status).toBe(status);
  expect((await truth.all()).version).toBe(0);
});

test('a batch is one change, and what is as it was is none', async () => {
  const { send, truth } = shop();
  const items = Array.from({ length: 500 }, (_, index) => ({ id: `new-${index}`, title: `Film ${index}` }));
  expect(await send('PUT', '/v1/items:batch', { items })).toEqual({ items: 500, changed: 500 });
  items[7].title = 'Seven';
  expect(await send('PUT', '/v1/items:batch', { items })).toEqual({ items: 500, changed: 1 });
  expect(await send('PUT', '/v1/items:batch', { items })).toEqual({ items: 500, changed: 0 });
  expect((await truth.all()).version).toBe(2);
});

describe.each([
  ['in memory', () => new MemoryTruth()],
  ['in the object', () => new DurableTruth(env.CATALOGUE)],
])('the latest changes %s', (_, truth) => {
  test('say of what, when, and from what to what, newest first', async () => {
    const { send } = shop(truth());
    const begun = Date.now();
    const latest = async (count: number) => (await send('GET', '/v1/changes')).changes.slice(0, count);
    await send('PUT', '/v1/items/2', { properties: { price: 9.9 } });
    await send('PATCH', '/v1/items/2', { properties: { price: 12 }, available: false });
    await send('PATCH', '/v1/items/2', { available: false }); // as it was
    await send('PUT', '/v1/items/new', { title: 'x'.repeat(200), available_from: '2026-12-24T00:00:00Z' });
    const rule = { action: 'boost', filter: { id: '2' } };
    await send('PUT', '/v1/rules/up', rule);
    await send('DELETE', '/v1/rules/up');
    await send('DELETE', '/v1/rules/up');
    await send('DELETE', '/v1/items/2');
    const [gone, dropped, put, added, patched, first] = await latest(6);
    const version: number = first.version;
    expect(first).toMatchObject({ of: 'item', name: '2' });
    expect(Date.parse(first.at)).toBeGreaterThanOrEqual(begun);
    expect(Date.parse(gone.at)).toBeLessThanOrEqual(Date.now());
    expect(patched).toMatchObject({
      version: version + 1,
      of: 'item',
      name: '2',
      fields: [
        { field: 'properties.price', before: '9.9', after: '12' },
        { field: 'available', before: null, after: 'false' },
      ],
    });
    expect(added.fields).toEqual([
      { field: 'title', before: null, after: `${'x'.repeat(99)}…` },
      { field: 'available_from', before: null, after: '2026-12-24T00:00:00.000Z' },
    ]);
    expect(put).toMatchObject({ of: 'rule', name: 'up', version: version + 3 });
    expect(put.fields).toContainEqual({ field: 'filter', before: null, after: '{"id":"2"}' });
    expect(dropped.fields).toContainEqual({ field: 'action', before: 'boost', after: null });
    expect(gone).toMatchObject({ fields: [{ field: 'deleted', before: null, after: 'true' }] });
  });

  test('are the newest hundred, also of one batch', async () => {
    const { send } = shop(truth());
    const stamp = crypto.randomUUID();
    const items = Array.from({ length: 150 }, (_, index) => ({ id: `${stamp}-${index}`, title: 'A' }));
    await send('PUT', '/v1/items:batch', { items });
    await send('PUT', `/v1/items/${stamp}-7`, { title: 'B' });
    const { changes } = await send('GET', '/v1/changes');
    expect(changes).toHaveLength(100);
    expect(changes[0]).toMatchObject({ name: `${stamp}-7`, fields: [{ before: 'A', after: 'B' }] });
    expect(changes[1]).toMatchObject({ name: `${stamp}-149`, title: 'A' });
    expect(changes[99]).toMatchObject({ name: `${stamp}-51` });
  });
});

describe('rules', () => {
  test('hide, boost, bury and pin what a filter names, and lists stay full', async () => {
    const { visitor, send, listed } = shop();
    const ranked = (query: object = {}) => visitor.fromScratch(['1'], { k: 4, ranker: 'popular', ...query });
    const before: Json = await ranked();
    const [first, second, third, fourth] = before.items;
    await send('PUT', '/v1/rules/gone', { action: 'hide', filter: { id: first.id } });
    expect((await ranked()).items.map(({ id }: Json) => id).slice(0, 3)).toEqual(
      [second, third, fourth].map(({ id }) => id),
    );
    expect(await listed()).toHaveLength(10);
    await send('PUT', '/v1/rules/up', { action: 'boost', factor: 1000, filter: { id: fourth.id } });
    await send('PUT', '/v1/rules/down', { action: 'bury', factor: 10, filter: { id: second.id } });
    const weighed = await ranked({ k: 11 });
    expect(weighed.items[0]).toMatchObject({
      id: fourth.id,
      rules: ['up'],
      boost: expect.closeTo(Math.log(1000)),
      score: expect.closeTo(fourth.score + Math.log(1000)),
    });
    const buried = weighed.items.find(({ id }: Json) => id === second.id);
    expect(buried.score).toBeCloseTo(second.score - Math.log(10));
    await send('PUT', '/v1/rules/top', { action: 'pin', filter: { id: ['12', second.id] } });
    const pinned: Json = await ranked();
    expect(pinned.items.slice(0, 3).map(({ id }: Json) => id)).toEqual(['12', second.id, fourth.id]);
    expect(pinned.items.map(({ rank }: Json) => rank)).toEqual([1, 2, 3, 4]);
    for (const name of ['gone', 'up', 'down', 'top']) await send('DELETE', `/v1/rules/${name}`);
    expect((await ranked()).items).toEqual(before.items);
  });

  test('hold between their dates, also for lists that are kept', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-12-01T00:00:00Z') });
    const { visitor, send } = shop();
    const dates = { from: '2026-12-24T00:00:00.000Z', until: '2026-12-27T00:00:00.000Z' };
    const rule = { action: 'pin', filter: { id: '9' }, ...dates };
    expect(await send('PUT', '/v1/rules/christmas', rule)).toEqual({ name: 'christmas', factor: 2, ...rule });
    expect((await send('GET', '/v1/rules')).rules).toHaveLength(1);
    await visitor.append('ada', ['1']);
    const firsts: string[] = [];
    for (const day of ['23', '24', '26', '27']) {
      vi.setSystemTime(Date.parse(`2026-12-${day}T00:00:00Z`));
      firsts.push((await visitor.recommend('ada', '?k=1')).items[0].id);
    }
    expect(firsts).toEqual(['2', '9', '9', '2']);
    vi.useRealTimers();
  });
});

test('a filter narrows lists in bodies and in URLs', async () => {
  const { visitor, send, listed } = shop();
  for (const [id, price] of [
    ['3', 5],
    ['4', 50],
    ['5', 7],
  ]) {
    await send('PATCH', `/v1/items/${id}`, { properties: { price } });
  }
  const filter = { price: { lte: 10 } };
  expect(await listed({ filter })).toEqual(['3', '5']);
  await visitor.append('ada', ['1']);
  const query = `filter=${encodeURIComponent(JSON.stringify(filter))}`;
  expect((await visitor.recommend('ada', `?${query}`)).items).toHaveLength(2);
  expect((await send('GET', `/v1/items/1/similar?${query}`)).items).toHaveLength(2);
  const wrong = await visitor.request('GET', '/v1/users/ada/recommendations?filter={');
  expect(wrong.status).toBe(422);
  const { errors }: Json = await (
    await visitor.request('POST', '/v1/recommendations', { filter: { any: [{ price: { near: 3 } }] } })
  ).json();
  expect(errors[0].path).toBe('/filter/any/0/price');
});

test('kept users may exclude more than a URL holds, without adding anything', async () => {
  const { visitor } = shop();
  await visitor.append('ada', ['1']);
  const exclude = ['2', ...Array.from({ length: 9000 }, (_, index) => `sold-out-${index}`)];
  const response = await visitor.request('POST', '/v1/users/ada/recommendations', { exclude, k: 1 });
  expect(((await response.json()) as Json).items[0].id).toBe('3');
  expect(await visitor.interactions('ada')).toEqual(['1']);
});

test('without the truth nothing is changed, and lists go on', async () => {
  const truth = new MemoryTruth();
  vi.spyOn(truth, 'change').mockRejectedValue(new CatalogueUnavailable('down'));
  vi.spyOn(truth, 'changes').mockRejectedValue(new CatalogueUnavailable('down'));
  const { visitor, listed } = shop(truth);
  expect((await visitor.request('GET', '/v1/changes')).status).toBe(503);
  const response = await visitor.request('PATCH', '/v1/items/5', { available: false });
  expect(response.status).toBe(503);
  expect(((await response.json()) as Json).code).toBe('catalogue_unavailable');
  expect(await listed()).toContain('5');
});

describe('two isolates, the object and Workers KV', () => {
  let clock: ReturnType<typeof fakeClock>;
  beforeEach(() => {
    clock = fakeClock();
    vi.spyOn(console, 'warn').mockImplementation(() => {});
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  /** Isolates over one truth; `kv` may fail. */
  function isolates(kv: KVNamespace = env.LIVE) {
    const truth = new DurableTruth(env.CATALOGUE);
    const made = () => {
      const later: Promise<unknown>[] = [];
      const published = new Published<CatalogueSnapshot>(kv, CATALOGUE_KEY, {
        parse: catalogueSnapshot,
        waitUntil: (work) => void later.push(work),
        onUnusable: () => truth.republish(),
      });
      const [log, store] = [new MemoryLog(), new MemoryStore()];
      return new Visitor({ catalogue: new LiveCopy(truth, published), log, store });
    };
    return { one: made(), two: made() };
  }

  const has = async (visitor: Visitor, id: string) => {
    const { items, catalogue } = await visitor.fromScratch(['1'], { k: 100 });
    return { listed: items.some((item: Json) => item.id === id), degraded: catalogue.degraded };
  };
  /** The object publishes by its alarm, and may be about to: a second publisher could be overtaken. */
  const publishNow = async () => {
    const { version } = await new DurableTruth(env.CATALOGUE).all();
    const published = async () =>
      (await env.LIVE.getWithMetadata<{ version: number }>(CATALOGUE_KEY)).metadata?.version === version;
    while (!(await published())) await runDurableObjectAlarm(OBJECT);
  };

  test('what one isolate changes is in the other’s lists within a minute', async () => {
    const { one, two } = isolates();
    expect(await has(two, '5')).toEqual({ listed: true, degraded: false });
    await one.request('PATCH', '/v1/items/5', { available: false });
    expect((await has(one, '5')).listed).toBe(false);
    expect((await has(two, '5')).listed).toBe(true);
    await publishNow();
    await clock.pass(30_000);
    expect((await has(two, '5')).listed).toBe(false);
    await two.request('PATCH', '/v1/items/5', { available: true });
    await publishNow();
    await clock.pass(30_000);
    expect((await has(one, '5')).listed).toBe(true);
  });

  test('a damaged copy means the last good one, or the trained catalogue, and lists say so', async () => {
    const { one, two } = isolates();
    await one.request('PATCH', '/v1/items/6', { available: false });
    await publishNow();
    await env.LIVE.put(CATALOGUE_KEY, 'not a snapshot', { metadata: { version: 10_000 } });
    await clock.pass(30_000);
    expect(await has(one, '6')).toEqual({ listed: false, degraded: true });
    expect(await has(two, '6')).toEqual({ listed: true, degraded: true });
    await publishNow();
    await clock.pass(30_000);
    expect(await has(two, '6')).toEqual({ listed: false, degraded: false });
    await one.request('PATCH', '/v1/items/6', { available: true });
    await publishNow();
  });

  test.each([
    ['nothing', null],
    ['another key’s value', { key: COUNTS_KEY, version: 10_000, items: [], pairs: [] }],
    ['a catalogue that stands under another key', { key: 'other', version: 10_000, records: [], rules: [] }],
    ['something of another shape', { key: CATALOGUE_KEY, version: 10_000, items: [] }],
  ])('where the copy should be is %s: lists say so, and the object publishes it again', async (_, other) => {
    const { one, two } = isolates();
    await one.request('PATCH', '/v1/items/6', { available: false });
    await runDurableObjectAlarm(OBJECT);
    if (other === null) await env.LIVE.delete(CATALOGUE_KEY);
    else await putCopy(other);
    await has(two, '6');
    await clock.pass(100); // it asks the object after its answer
    expect(await has(two, '6')).toEqual({ listed: true, degraded: true });
    expect(await runDurableObjectAlarm(OBJECT)).toBe(true);
    await clock.pass(30_000);
    expect(await has(two, '6')).toEqual({ listed: false, degraded: false });
    await one.request('PATCH', '/v1/items/6', { available: true });
    await publishNow();
  });

  test('Workers KV that fails stops no list', async () => {
    const getWithMetadata = () => Promise.reject(new Error('KV is down'));
    const { one } = isolates({ getWithMetadata } as unknown as KVNamespace);
    expect(await has(one, '7')).toEqual({ listed: true, degraded: true });
  });
});

describe('the object', () => {
  const truth = new DurableTruth(env.CATALOGUE);
  let price = 1000;
  const change = () =>
    truth.change(0, [{ kind: 'patch', id: '9', known: true, fields: { properties: { price: ++price } } }]);
  const published = async () => (await env.LIVE.getWithMetadata<Json>(CATALOGUE_KEY)).metadata?.version;

  test('publishes once Workers KV is back, however long that takes', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    await change();
    const { version } = await truth.all();
    const away = { put: () => Promise.reject(new Error('KV is down')) };
    const bound = await runInDurableObject(OBJECT, (object: LiveCatalogue) => {
      const { env } = object as unknown as { env: Env };
      Object.assign(object, { env: { ...env, LIVE: away } });
      return env;
    });
    for (let attempt = 0; attempt < 20; attempt++) expect(await runDurableObjectAlarm(OBJECT)).toBe(true);
    expect(await published()).not.toBe(version);
    await runInDurableObject(OBJECT, (object) => void Object.assign(object, { env: bound }));
    expect(await runDurableObjectAlarm(OBJECT)).toBe(true);
    expect(await published()).toBe(version);
    vi.restoreAllMocks();
  });

  test('publishes a change that comes again because it ended before it could plan that', async () => {
    await change();
    await runInDurableObject(OBJECT, (_, { storage }) => storage.deleteAlarm());
    price--;
    const { changed } = await change();
    expect(changed).toBe(0);
    expect(await runDurableObjectAlarm(OBJECT)).toBe(true);
    expect(await published()).toBe((await truth.all()).version);
    await change();
  });
});

test('the object publishes many changes as one, a few seconds later', async () => {
  const truth = new DurableTruth(env.CATALOGUE);
  await env.LIVE.delete(CATALOGUE_KEY);
  for (let price = 0; price < 20; price++) {
    await truth.change(0, [{ kind: 'patch', id: '9', known: true, fields: { properties: { price } } }]);
  }
  expect(await env.LIVE.get(CATALOGUE_KEY)).toBeNull();
  const { version } = await truth.all();
  await vi.waitFor(
    async () => {
      const { metadata } = await env.LIVE.getWithMetadata<Json>(CATALOGUE_KEY);
      expect(metadata?.version).toBe(version);
    },
    { timeout: 30_000, interval: 200 },
  );
});
