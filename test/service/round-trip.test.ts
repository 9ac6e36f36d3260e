/** A list waits for the slower of two reads, which begin together; nothing after them waits for anything. */
import { afterEach, expect, test, vi } from 'vitest';
import { MemoryLog, MemoryStore } from './memory.ts';
import { pathOf, Visitor } from './visitor.ts';

afterEach(() => {
  vi.useRealTimers();
});

const realTimeout = setTimeout;
const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds of a clock that is turned one at a time; computing takes none. */
async function duration(request: () => Promise<Response>): Promise<number> {
  const began = Date.now();
  let ended = 0;
  const answer = request().then((response) => {
    ended = Date.now();
    return response;
  });
  while (ended === 0) {
    // What is computed comes first: hashes are made outside of JavaScript, and need a turn or two.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => realTimeout(resolve));
    if (ended === 0) await vi.advanceTimersByTimeAsync(1);
  }
  expect((await answer).status).toBe(200);
  return ended - began;
}

/** The same object, whose methods take so long. */
function distant<T extends object>(near: T, ms: number): T {
  const slow =
    (method: (...of: unknown[]) => unknown) =>
    async (...of: unknown[]) => {
      await after(ms);
      return method.apply(near, of);
    };
  return new Proxy(near, { get: (_, name) => slow(near[name as keyof T] as never) });
}

test.each([
  [20, 60],
  [60, 20],
])('log %i ms, store %i ms away: a list takes the longer of the two', async (logMs, storeMs) => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  const [log, store] = [new MemoryLog(), new MemoryStore()];
  const near = new Visitor({ log, store });
  await near.append('ada', ['1', '2']);
  await near.recommend('ada');
  await near.settled();
  const far = { log: distant(log, logMs), store: distant(store, storeMs) };
  const path = `${pathOf('ada')}/recommendations`;
  // Each isolate is new, and must ask the store.
  const hit = await duration(() => new Visitor(far).request('GET', path));
  const body = { items: [{ id: '3' }] };
  const extended = await duration(() => new Visitor(far).request('POST', path, body));
  const isolate = new Visitor(far);
  await duration(() => isolate.request('GET', path));
  const remembered = await duration(() => isolate.request('GET', path));
  expect({ hit, extended, remembered }).toEqual({ hit: 60, extended: 60, remembered: logMs });
});
