/** Workers KV takes one write a second for a key; the newest state must be the one that it ends with. */
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
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

describe('someone who comes back', () => {
  const PAUSE_MS = 8000;
  let visitor: Visitor;
  let served: MockInstance<MemoryLog['serve']>;

  beforeEach(async () => {
    visitor = new Visitor({ log, store, pauseMs: PAUSE_MS });
    served = vi.spyOn(log, 'serve');
    await visitor.append('ada', ['1', '2']);
    await visitor.recommend('ada');
    await clock.pass(0);
  });

  test('leaves state and list to be written when they pause, whatever they did until then', async () => {
    expect([store.writes.length, served.mock.calls.length]).toEqual([1, 1]); // a new user's are written at once
    for (const item of ['3', '4']) {
      await visitor.append('ada', [item]);
      await visitor.recommend('ada');
      await clock.pass(PAUSE_MS - 1000);
    }
    expect([store.writes.length, served.mock.calls.length]).toEqual([1, 1]);
    await clock.pass(2000);
    await visitor.settled();
    expect([store.writes.length, served.mock.calls.length]).toEqual([2, 2]);
    expect((await isolate().recommend('ada')).cache).toMatchObject({ status: 'hit', reused_items: 4 });
  });

  test('a deleted user’s state that waits is not written', async () => {
    await visitor.append('ada', ['3']);
    await visitor.recommend('ada');
    await visitor.remove('ada');
    await clock.pass(PAUSE_MS + 2000);
    await visitor.settled();
    expect(store.values.size).toBe(0);
  });

  test('one who was deleted elsewhere leaves no state behind', async () => {
    await visitor.append('ada', ['3']);
    await visitor.recommend('ada');
    await isolate().remove('ada');
    await clock.pass(PAUSE_MS + 2000);
    await visitor.settled();
    expect(store.values.size).toBe(0);
  });
});
