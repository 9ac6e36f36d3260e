/** What people do while a model serves is in its lists a moment later. */
import { env } from 'cloudflare:workers';
import { expect, test, vi } from 'vitest';
import { countedLog } from '../../worker/live/counted-log.ts';
import { COUNTS_KEY, Counting, type CountsSnapshot } from '../../worker/live/counts.ts';
import { MemoryPublished } from '../../worker/live/memory-published.ts';
import { writeTransitions } from '../../worker/memory/layout.ts';
import { Memory } from '../../worker/memory/memory.ts';
import { FakeModel } from './fake-model.ts';
import type { Json } from './helpers.ts';
import { MemoryLog } from './memory.ts';
import { Visitor } from './visitor.ts';

/** A shop with a memory that knows nothing; `publish` does what the object does every few seconds. */
function shop() {
  const rows: [number, number][][] = Array.from({ length: 12 }, () => []);
  const options = { newest: 20, decay: 0.5, smoothing: 0.01, weights: [1] };
  const model = new FakeModel({ memory: new Memory(writeTransitions(rows), 12, options) });
  const [counting, counts] = [new Counting(), new MemoryPublished<CountsSnapshot>()];
  const later: Promise<unknown>[] = [];
  const waitUntil = (work: Promise<unknown>) => void later.push(work);
  const log = countedLog(new MemoryLog(), { counting, gathered() {}, waitUntil });
  const visitor = new Visitor({ model, log, counts });
  async function publish(): Promise<void> {
    await Promise.all(later);
    const { items, pairs } = counting.take();
    const rows = Map.groupBy(pairs, ([before]) => before);
    counts.offer({
      version: (counts.copy.value?.version ?? 0) + 1,
      items,
      pairs: [...rows].map(([before, row]) => [before, row.map(([, after, weight]) => [after, weight])]),
    });
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

test('what an import brings, and what comes twice, is not counted', async () => {
  const { visitor, counting } = shop();
  const [lastYear, now] = [Date.now() / 1000 - 365 * 86_400, Date.now() / 1000];
  const append = (items: Json[], key: string) =>
    visitor.request('POST', '/v1/users/ada/interactions', { items }, { 'Idempotency-Key': key });
  await append([{ id: '1', timestamp: lastYear }], 'a');
  await append([{ id: '1', timestamp: lastYear * 1000 }], 'b');
  await append([{ id: '2', timestamp: now }], 'c');
  await append([{ id: '2', timestamp: now }], 'c');
  await visitor.settled();
  await vi.waitFor(() => expect(counting.isEmpty).toBe(false));
  expect(counting.take().items).toEqual([['2', 1]]);
});

test('the object adds up, forgets what is old, and publishes', async () => {
  const object = env.COUNTS.getByName('test');
  await object.add({ items: [['1', 2]], pairs: [['1', '2', 1]] });
  await object.add({
    items: [
      ['1', 1],
      ['2', 1],
      ['3', 0.01],
    ],
    pairs: [
      ['1', '2', 0.5],
      ['1', '3', 4],
    ],
  });
  await vi.waitFor(
    async () => {
      const packed = await env.LIVE.get(COUNTS_KEY, 'stream');
      expect(packed).not.toBeNull();
      const plain = packed!.pipeThrough(new DecompressionStream('gzip'));
      const { items, pairs }: CountsSnapshot = await new Response(plain).json();
      expect(items).toEqual([
        ['1', expect.closeTo(3, 2)],
        ['2', expect.closeTo(1, 2)],
      ]);
      expect(pairs).toEqual([
        [
          '1',
          [
            ['3', expect.closeTo(4, 2)],
            ['2', expect.closeTo(1.5, 2)],
          ],
        ],
      ]);
    },
    { timeout: 60_000, interval: 500 },
  );
});
