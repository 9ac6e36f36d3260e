/** What people do while a model serves is in its lists a moment later. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test, vi } from 'vitest';
import type { EventMeaning } from '../../worker/events/event-types.ts';
import { countedLog } from '../../worker/live/counted-log.ts';
import { type CountBatch, Counting } from '../../worker/live/counts.ts';
import type { LiveCounts } from '../../worker/live/counts-object.ts';
import { COUNTS_KEY, type CountsTable, readTable, tableOf } from '../../worker/live/counts-table.ts';
import { MemoryPublished } from '../../worker/live/memory-published.ts';
import { writeTransitions } from '../../worker/memory/layout.ts';
import { Memory } from '../../worker/memory/memory.ts';
import { FakeModel } from './fake-model.ts';
import type { Json } from './helpers.ts';
import { MemoryLog } from './memory.ts';
import { Visitor } from './visitor.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** A shop with a memory that knows nothing; `publish` does what the object does every few seconds. */
function shop(meaning?: EventMeaning) {
  const rows: [number, number][][] = Array.from({ length: 12 }, () => []);
  const options = { newest: 20, decay: 0.5, smoothing: 0.01, weights: [1] };
  const model = new FakeModel({ memory: new Memory(writeTransitions(rows), 12, options) });
  const [counting, counts] = [new Counting(), new MemoryPublished<CountsTable>()];
  const log = countedLog(new MemoryLog(), { counting, meaning: async () => meaning, gathered() {} });
  const visitor = new Visitor({ model, log, counts });
  async function publish(): Promise<void> {
    const { ids, items, before, after, weights } = counting.take();
    const taken = [...items].map((count, place): [string, number] => [ids[place], count]);
    const pairs = [...weights].map((weight, pair): [string, string, number] => [
      ids[before[pair]],
      ids[after[pair]],
      weight,
    ]);
    counts.offer(readTable(tableOf((counts.copy.value?.version ?? 0) + 1, taken, pairs)));
  }
  const listed = async (history: string[], query: object = {}): Promise<string[]> => {
    const { items } = await visitor.fromScratch(history, { k: 3, ...query });
    return items.map(({ id }: Json) => id);
  };
  return { visitor, counting, counts, publish, listed };
}

test('a new item comes after what its first buyers had', async () => {
  const { visitor, publish, listed } = shop();
  await visitor.request('PUT', '/v1/items/heat', { title: 'Heat' });
  expect(await listed(['3'], { ranker: 'counts' })).not.toContain('heat');
  for (let user = 0; user < 12; user++) {
    await visitor.append(`user-${user}`, ['3']);
    await visitor.append(`user-${user}`, ['heat']);
  }
  await publish();
  const list = await visitor.fromScratch(['3'], { ranker: 'counts', k: 1 });
  expect(list.items).toMatchObject([{ id: 'heat', new: true, because: ['3'] }]);
  expect(await listed(['5'], { ranker: 'counts' })).not.toContain('heat');
});

test('a list that is kept for a user is made anew when something was counted', async () => {
  const { visitor, publish } = shop();
  await visitor.append('ada', ['3']);
  await visitor.recommend('ada');
  const searches = visitor.model.searches;
  await visitor.recommend('ada');
  expect(visitor.model.searches).toBe(searches);
  for (const user of ['bob', 'eve']) await visitor.append(user, ['3', '9']);
  await publish();
  const { cache } = await visitor.recommend('ada');
  expect(cache.status).toBe('hit');
  expect(visitor.model.searches).toBe(searches + 1);
});

test('whoever has no history gets what is trending, by category too; popular stays', async () => {
  const { visitor, publish, listed } = shop();
  const before = await visitor.fromScratch([]);
  expect(before.source).toBe('popular');
  expect(await visitor.fromScratch(['1'], { ranker: 'trending' })).toMatchObject({ source: 'popular' });
  await visitor.append('ada', [...Array(30).fill('4'), ...Array(20).fill('6')]);
  await publish();
  const after = await visitor.fromScratch([]);
  expect(after.source).toBe('trending');
  expect(after.items.slice(0, 2).map(({ id }: Json) => id)).toEqual(['4', '6']);
  expect(await listed([], { categories: ['Western'] })).toEqual(['6', '11', '1']);
  expect(await visitor.fromScratch([], { ranker: 'popular' })).toMatchObject({
    source: 'popular',
    items: before.items,
  });
});

test('where purchases are the target, a view counts for nothing but what it came before, and a return is not counted', async () => {
  const types = {
    types: ['buy', 'return', 'view'],
    target: 'buy',
    hide: ['buy'],
    remove: ['return'],
    forbid: [],
  };
  const { visitor, counting } = shop(types);
  const append = (...events: [string, string][]) =>
    visitor.request('POST', '/v1/users/ada/interactions', {
      items: events.map(([id, type]) => ({ id, type })),
    });
  await append(['1', 'view'], ['2', 'buy']);
  await append(['2', 'return']);
  await append(['3', 'view'], ['4', 'buy']);
  await visitor.settled();
  const { ids, items, before, after, weights } = counting.take();
  const taken = Object.fromEntries(ids.map((id, place) => [id, items[place]]));
  expect(taken).toEqual({ 1: 0, 2: 1, 3: 0, 4: 1 });
  const pairs = [...weights].map((weight, pair) => `${ids[before[pair]]} ${ids[after[pair]]} ${weight}`);
  // What was taken back is not in the history that 4 comes after.
  expect(pairs.sort()).toEqual(['1 2 1', '1 4 0.5', '3 4 1']);
});

test('nothing is counted while nobody knows what types mean', async () => {
  const counting = new Counting();
  const meaning = async () => {
    throw new Error('no model');
  };
  const log = countedLog(new MemoryLog(), { counting, meaning, gathered() {} });
  expect(await log.append('ada', [{ item: '1', type: 'view' }])).toMatchObject({
    length: 1,
    outcome: 'added',
  });
  expect(counting.isEmpty).toBe(true);
});

test('what an import brings, and what comes twice, is not counted', async () => {
  const { visitor, counting } = shop();
  const [lastYear, now] = [Date.now() / 1000 - 365 * 86_400, Date.now() / 1000];
  const append = (items: Json[], key: string) =>
    visitor.request('POST', '/v1/users/ada/interactions', { items }, { 'Idempotency-Key': key });
  await append([{ id: '1', timestamp: lastYear }], 'a');
  await append([{ id: '1', timestamp: lastYear * 1000 }], 'b');
  await append([{ id: '2', timestamp: now }], 'c');
  await append([{ id: '2', timestamp: now }], 'c');
  await append(new Array(65).fill({ id: '3' }), 'd'); // nobody does so much at once
  await visitor.settled();
  await vi.waitFor(() => expect(counting.isEmpty).toBe(false));
  const { ids, items } = counting.take();
  expect([ids, [...items]]).toEqual([
    ['1', '2'],
    [0, 1],
  ]); // '1' only came before
});

/** What these events count. */
function counted(...events: string[]): CountBatch {
  const counting = new Counting();
  counting.add(events.map((item) => ({ item, target: true, added: true })));
  return counting.take();
}

/** What the object has published; null: nothing yet. */
async function published(): Promise<CountsTable | null> {
  const packed = await env.LIVE.get(COUNTS_KEY, 'stream');
  return packed && readTable(await new Response(packed.pipeThrough(new DecompressionStream('gzip'))).json());
}

/** What the table says came after an id, and how often. */
function afterId({ ids, starts, successors, weights }: CountsTable, id: string): [string, number][] {
  const place = ids.indexOf(id);
  const all = [...successors.keys()].slice(starts[place], starts[place + 1]);
  return all.map((at) => [ids[successors[at]], weights[at]]);
}

test('the object adds up, decays, forgets what is old, and publishes', async () => {
  const object = env.COUNTS.getByName('test');
  const now = Date.now();
  await runInDurableObject(object, (_, { storage: { sql } }) => {
    // As older code kept them: a weight, and when it was true.
    sql.exec('CREATE TABLE item (id TEXT PRIMARY KEY, weight REAL NOT NULL, at INTEGER NOT NULL)');
    sql.exec('CREATE TABLE pair (before TEXT, after TEXT, weight REAL NOT NULL, at INTEGER NOT NULL)');
    sql.exec('INSERT INTO item VALUES (?, 8, ?), (?, 8, ?)', '4', now - DAY_MS, '5', now - 10 * DAY_MS);
    sql.exec('INSERT INTO pair VALUES (?, ?, 4, ?)', '4', '5', now - 30 * DAY_MS);
  });
  await runInDurableObject(object, async (counts: LiveCounts, state) => {
    const today = new (counts.constructor as typeof LiveCounts)(state, env); // takes over what older code kept
    await today.add(counted('1', '2'));
    await today.add(counted('1', '3', '2'));
    await state.storage.deleteAlarm();
    await today.alarm();
  });
  const table = (await published())!;
  const { ids, items } = table;
  expect(Object.fromEntries([...items].map((weight, place) => [ids[place], weight]))).toEqual({
    1: expect.closeTo(2, 2),
    2: expect.closeTo(2, 2),
    3: expect.closeTo(1, 2),
    4: expect.closeTo(4, 2),
  });
  expect(afterId(table, '1')).toEqual([
    ['2', expect.closeTo(1.5, 2)],
    ['3', expect.closeTo(1, 2)],
  ]);
  expect(
    afterId(table, '2')
      .map(([id]) => id)
      .sort(),
  ).toEqual(['1', '3']);
  expect(afterId(table, '4')).toEqual([['5', expect.closeTo(2, 2)]]);
});

test('what is counted is published by itself', async () => {
  await env.COUNTS.getByName('other').add(counted('6'));
  await vi.waitFor(async () => expect((await published())?.ids).toContain('6'), {
    timeout: 60_000,
    interval: 500,
  });
});
