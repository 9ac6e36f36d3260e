/** Workers KV takes one write a second for a key; the newest state must be the one that it ends with. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeClock } from './clock.ts';
import { MemoryLog, MemoryStore } from './memory.ts';
import { Visitor } from './visitor.ts';

let clock: ReturnType<typeof fakeClock>;
let log: MemoryLog;
let store: MemoryStore;
const isolate = () => new Visitor({ log, store });

beforeEach(() => {
  clock = fakeClock();
  log = new MemoryLog();
  store = new MemoryStore();
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('a burst of requests writes once a second, and the newest state last', async () => {
  const visitor = isolate();
  for (let step = 0; step < 40; step++) {
    await visitor.append('ada', [String(1 + (step % 12))]);
    await Promise.all([
      visitor.recommend('ada'),
      visitor.recommend('ada', '?k=3'),
      visitor.recommend('ada', '?k=4'),
    ]);
    await clock.pass(100);
  }
  await clock.until(visitor.settled());
  const gaps = store.writes.slice(1).map(({ at }, index) => at - store.writes[index].at);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1000);
  expect(store.writes.length).toBeGreaterThan(3);
  expect((await isolate().recommend('ada')).cache.status).toBe('hit');
});

test('users do not wait for one another, and nothing new is not written', async () => {
  const visitor = isolate();
  for (const user of ['ada', 'bob', 'eve']) {
    await visitor.append(user, ['1', '2']);
    for (let again = 0; again < 3; again++) await visitor.recommend(user);
  }
  await visitor.settled(); // no clock is turned: nothing waits
  expect(store.writes).toHaveLength(3);
  const elsewhere = isolate();
  await elsewhere.recommend('ada');
  await elsewhere.settled();
  expect(store.writes).toHaveLength(3);
});

test('a refused write is tried again with the next request, though nothing is new', async () => {
  const visitor = isolate();
  const put = vi.spyOn(store, 'put').mockRejectedValue(new Error('KV PUT failed: 429 Too Many Requests'));
  await visitor.append('ada', ['1', '2']);
  await visitor.recommend('ada');
  await visitor.settled();
  expect(put).toHaveBeenCalledTimes(1);
  expect(store.values.size).toBe(0);

  put.mockRestore();
  await clock.pass(5000);
  expect((await visitor.recommend('ada')).cache.status).toBe('hit');
  await visitor.settled();
  expect((await isolate().recommend('ada')).cache.status).toBe('hit');
});

test('a write that went down with its request does not stop later ones', async () => {
  const visitor = isolate();
  await visitor.append('ada', ['1']);
  await visitor.recommend('ada');
  await visitor.settled();
  await visitor.append('ada', ['2']);
  await visitor.recommend('ada'); // waits for its second, and is never heard of again
  await clock.pass(0);
  vi.clearAllTimers();
  await clock.pass(10_000);
  await visitor.append('ada', ['3']);
  const other = visitor.recommend('ada');
  await other;
  await clock.pass(2000);
  expect((await isolate().recommend('ada')).cache).toMatchObject({ status: 'hit', reused_items: 3 });
});

test('the state that is written is not one that a slower, earlier request ends with', async () => {
  const visitor = isolate();
  await visitor.append('ada', ['1', '2']);
  const prefill = visitor.model.prefill.bind(visitor.model);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  visitor.model.prefill = async (items, past) => {
    const state = await prefill(items, past);
    await held;
    return state;
  };
  const slow = visitor.recommend('ada');
  await vi.waitFor(() => expect(visitor.model.prefills).toHaveLength(1));
  visitor.model.prefill = prefill;
  await visitor.append('ada', ['3']);
  await visitor.recommend('ada');
  release();
  await slow;
  await clock.until(visitor.settled());
  expect((await isolate().recommend('ada')).cache).toMatchObject({ status: 'hit', reused_items: 3 });
});
