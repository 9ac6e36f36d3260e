/** A return, and a visitor who signs in: afterwards all is as if the log had always been what it then is. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { DurableLog } from '../../worker/history/durable-log.ts';
import type { HistoryLog } from '../../worker/history/log.ts';
import type { UserHistory } from '../../worker/history/user-history.ts';
import { countedLog } from '../../worker/live/counted-log.ts';
import { Counting } from '../../worker/live/counts.ts';
import { seededRandom } from '../fixtures/random.ts';
import { fakeClock } from './clock.ts';
import { log as durableLog, someone, warmUp } from './durable.ts';
import { FakeModel } from './fake-model.ts';
import { problemOf } from './helpers.ts';
import { bearing, keyOf, locked } from './keys.ts';
import { MemoryLog, MemoryStore } from './memory.ts';
import { pathOf, Visitor } from './visitor.ts';

let clock: ReturnType<typeof fakeClock>;
beforeAll(...warmUp);
beforeEach(() => {
  clock = fakeClock(); // states are written once a second
});
afterEach(() => {
  vi.useRealTimers();
});

/** Isolates over one log and one store. */
function deployment(log: HistoryLog, window = 8) {
  const store = new MemoryStore();
  return { store, isolate: () => new Visitor({ model: new FakeModel({ window }), log, store }) };
}

const takeBack = (visitor: Visitor, user: string, position: string) =>
  visitor.request('DELETE', `${pathOf(user)}/interactions/${position}`);

const merge = (visitor: Visitor, user: string, from: string) =>
  visitor.answer(200, 'POST', `${pathOf(user)}/merge`, { from });

async function positionsOf(visitor: Visitor, user: string): Promise<string[]> {
  const { items } = await visitor.answer(200, 'GET', `${pathOf(user)}/interactions?limit=1000`);
  return items.map(({ position }: { position: string }) => position).reverse();
}

/** Lists of this isolate, which may remember the user, and of a new one are those of this history. */
async function expectHistory(
  { isolate }: ReturnType<typeof deployment>,
  visitor: Visitor,
  user: string,
  history: string[],
): Promise<void> {
  expect(await visitor.interactions(user)).toEqual(history.toReversed().slice(0, 1000));
  expect(await visitor.user(user)).toMatchObject({ length: history.length });
  for (const query of [{ k: 12 }, { k: 12, include_seen: true }]) {
    const search = `?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, `${value}`]))}`;
    for (const each of [visitor, isolate()]) {
      const list = await each.recommend(user, search);
      // What came before the window is no longer read.
      const { items } = await each.fromScratch(history.slice(list.cache.window_start), query);
      if (query.include_seen || list.cache.window_start === 0) expect(list.items).toEqual(items);
      await clock.until(each.settled());
    }
  }
}

const films = (count: number) => Array.from({ length: count }, (_, index) => String(1 + ((index * 7) % 12)));

describe.each<[string, () => HistoryLog]>([
  ['the log as it is deployed', () => durableLog],
  ['a log in memory', () => new MemoryLog()],
])('%s', (_, makeLog) => {
  test('after a return lists are those of a user who never had the item, and the other positions stay', async () => {
    const [ada, shop] = [someone(), deployment(makeLog())];
    const visitor = shop.isolate();
    const history = ['1', '2', '3', '2', '4'];
    await visitor.append(ada, history);
    await expectHistory(shop, visitor, ada, history);
    const positions = await positionsOf(visitor, ada);
    // In the middle, the newest, the oldest, with something new in between, and all that is left.
    for (const index of [1, 3, 0, 1, 0, 0]) {
      if (index === 0) {
        history.push('9');
        await visitor.append(ada, ['9']);
        positions.push((await positionsOf(visitor, ada)).at(-1)!);
        expect(new Set(positions).size).toBe(positions.length);
      }
      history.splice(index, 1);
      const [position] = positions.splice(index, 1);
      expect((await takeBack(visitor, ada, position)).status).toBe(204);
      expect(await positionsOf(visitor, ada)).toEqual(positions);
      await expectHistory(shop, visitor, ada, history);
      await problemOf(await takeBack(visitor, ada, position), 404, 'interaction_unknown');
      await expectHistory(shop, visitor, ada, history);
    }
    for (const position of positions) expect((await takeBack(visitor, ada, position)).status).toBe(204);
    await expectHistory(shop, visitor, ada, []);
    await visitor.append(ada, ['5']);
    await expectHistory(shop, visitor, ada, ['5']);
  });

  test('anywhere in a long log it is the same, also where the context window then begins earlier', async () => {
    const [ada, shop] = [someone(), deployment(makeLog(), 200)];
    const visitor = shop.isolate();
    const history = films(401); // the window has just moved on
    await visitor.append(ada, history);
    expect((await visitor.recommend(ada)).cache.window_start).toBe(300);
    await clock.until(visitor.settled());
    for (const index of [399, 320, 310, 5]) {
      const positions = await positionsOf(visitor, ada);
      history.splice(index, 1);
      expect((await takeBack(visitor, ada, positions[index])).status).toBe(204);
      await expectHistory(shop, visitor, ada, history);
    }
    expect((await visitor.recommend(ada)).cache).toMatchObject({ window_start: 200, status: 'hit' });
  });

  test('a late retry of the purchase does not bring it back', async () => {
    const [ada, visitor] = [someone(), deployment(makeLog()).isolate()];
    const once = { 'Idempotency-Key': 'order-1' };
    await visitor.append(ada, ['1', '2'], once);
    const [, second] = await positionsOf(visitor, ada);
    await takeBack(visitor, ada, second);
    await visitor.append(ada, ['1', '2'], once);
    expect(await visitor.interactions(ada)).toEqual(['1']);
  });

  test('a position of a deleted log means nothing in the one after it', async () => {
    const [ada, visitor] = [someone(), deployment(makeLog()).isolate()];
    await visitor.append(ada, ['1']);
    const [position] = await positionsOf(visitor, ada);
    await visitor.remove(ada);
    await visitor.append(ada, ['1']);
    await problemOf(await takeBack(visitor, ada, position), 404, 'interaction_unknown');
    expect(await visitor.interactions(ada)).toEqual(['1']);
    await problemOf(await takeBack(visitor, someone(), position), 404, 'interaction_unknown');
  });

  test('a visitor signs in: what they did comes behind what the user did, once, and nothing is left of them', async () => {
    const [ada, guest, shop] = [someone(), someone(), deployment(makeLog())];
    const visitor = shop.isolate();
    await visitor.append(ada, ['1', '2']);
    await visitor.append(guest, ['5', '6'], { 'Idempotency-Key': 'visit-1' });
    await visitor.request('POST', `${pathOf(guest)}/interactions`, {
      items: [{ id: '7', timestamp: 5, type: 'view' }],
    });
    for (const user of [ada, guest]) await visitor.recommend(user);
    await clock.until(visitor.settled());
    expect(await merge(visitor, ada, guest)).toEqual({ user_id: ada, length: 5, merged: 3 });
    const history = ['1', '2', '5', '6', '7'];
    expect((await visitor.recommend(ada)).cache).toMatchObject({ status: 'extended', reused_items: 2 });
    await expectHistory(shop, visitor, ada, history);
    const newest = await visitor.answer(200, 'GET', `${pathOf(ada)}/interactions?limit=1`);
    expect(newest.items).toMatchObject([{ id: '7', timestamp: 5, type: 'view' }]);
    expect(await visitor.user(guest)).toMatchObject({ length: 0, state: null });
    expect(shop.store.values.size).toBe(1);
    expect(await merge(visitor, ada, guest)).toEqual({ user_id: ada, length: 5, merged: 0 });
    const late = await visitor.request(
      ...(['POST', `${pathOf(guest)}/interactions`, { items: [{ id: '5' }, { id: '6' }] }] as const),
      { 'Idempotency-Key': 'visit-1' },
    );
    await problemOf(late, 410, 'user_erased');
    // The same browser, another visit.
    await visitor.append(guest, ['8']);
    expect(await merge(visitor, ada, guest)).toMatchObject({ length: 6, merged: 1 });
    await expectHistory(shop, visitor, ada, [...history, '8']);
  });

  test('a user who did nothing yet, a visitor who did nothing, and someone who is both', async () => {
    const [ada, guest, nobody, shop] = [someone(), someone(), someone(), deployment(makeLog())];
    const visitor = shop.isolate();
    await visitor.append(guest, ['5']);
    expect(await merge(visitor, ada, guest)).toMatchObject({ length: 1, merged: 1 });
    expect(await merge(visitor, ada, nobody)).toMatchObject({ length: 1, merged: 0 });
    expect(await merge(visitor, ada, ada)).toMatchObject({ length: 1, merged: 0 });
    expect(await merge(visitor, nobody, someone())).toMatchObject({ length: 0, merged: 0 });
    await expectHistory(shop, visitor, ada, ['5']);
  });

  test('what a visitor did is not counted again when it is merged', async () => {
    const counting = new Counting();
    const log = countedLog(makeLog(), { counting, meaning: async () => undefined, gathered() {} });
    const [ada, guest, visitor] = [someone(), someone(), new Visitor({ log })];
    await visitor.append(guest, ['5', '6']);
    expect(counting.take().items).toHaveLength(2);
    await merge(visitor, ada, guest);
    expect(counting.isEmpty).toBe(true);
  });
});

/** Objects of which some calls never arrive, some come twice, and some answers are lost. */
function unreliable(random: () => number) {
  const getByName = (name: string) =>
    new Proxy({} as Record<string, unknown>, {
      get: (_, method: string) => {
        if (method === 'then') return undefined;
        return async (...args: unknown[]) => {
          const stub = env.USERS.getByName(name) as unknown as Record<string, (...of: unknown[]) => unknown>;
          const fault = random();
          if (fault < 0.15) throw new Error('Network connection lost.');
          if (fault < 0.3) await stub[method](...args);
          const answer = await stub[method](...args);
          if (fault > 0.85) throw new Error('Network connection lost.');
          return answer;
        };
      },
    });
  return new DurableLog({ getByName } as unknown as typeof env.USERS);
}

test('whatever calls are lost or come twice, each event of a visitor arrives once, also those that come meanwhile', async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const [ada, guest] = [`ada-${crypto.randomUUID()}`, someone()];
    const log = unreliable(seededRandom(seed));
    await durableLog.append(ada, [{ item: 'own' }]);
    const expected = ['own'];
    for (let part = 0; part < 3; part++) {
      const items = Array.from({ length: 1 + ((seed + part) % 5) }, (_, index) => `${part}-${index}`);
      await durableLog.append(
        guest,
        items.map((item) => ({ item })),
      );
      expected.push(...items);
      for (let attempt = 0; ; attempt++) {
        const done = await log.merge(ada, guest).catch(() => null);
        if (done) break;
        expect(attempt).toBeLessThan(200);
      }
    }
    const { events } = await durableLog.page(ada, 100, null);
    expect(events.map(({ item }) => item).reverse(), `seed ${seed}`).toEqual(expected);
    expect(await durableLog.length(guest)).toEqual({ epoch: '', length: 0 });
  }
});

test('a log that goes into one user goes into no other, and nothing is taken back from it meanwhile', async () => {
  const [ada, bob, guest] = [someone(), someone(), someone()];
  const visitor = new Visitor({ log: durableLog });
  await visitor.append(guest, ['5', '6']);
  const positions = await positionsOf(visitor, guest);
  await env.USERS.getByName(guest).handOver(ada, 0); // and then the isolate ended
  const elsewhere = await visitor.request('POST', `${pathOf(bob)}/merge`, { from: guest });
  await problemOf(elsewhere, 409, 'merge_under_way');
  await problemOf(await takeBack(visitor, guest, positions[0]), 409, 'merge_under_way');
  await visitor.append(guest, ['7']);
  expect(await merge(visitor, ada, guest)).toMatchObject({ merged: 3 });
  expect(await visitor.interactions(ada)).toEqual(['7', '6', '5']);
  expect(await visitor.user(bob)).toMatchObject({ length: 0 });
});

test('a part that comes late does not bring a deleted user back', async () => {
  const [ada, guest] = [someone(), someone()];
  const visitor = new Visitor({ log: durableLog });
  await visitor.append(guest, ['5', '6']);
  const handed = await env.USERS.getByName(guest).handOver(ada, 0);
  await env.USERS.getByName(ada).takeIn({ ...handed, events: handed.events.slice(0, 1) });
  await visitor.remove(ada);
  const late = await visitor.request('POST', `${pathOf(ada)}/merge`, { from: guest });
  await problemOf(late, 410, 'user_erased');
  expect(await visitor.user(ada)).toMatchObject({ length: 0 });
});

test('a long log is merged part by part, and is taken back from at once', async () => {
  const [ada, guest] = [someone(), someone()];
  await durableLog.append(guest, [{ item: 'first' }]);
  await runInDurableObject(env.USERS.getByName(guest), (object: UserHistory) => {
    for (let part = 0; part < 25; part++) {
      object.append(Array.from({ length: 1000 }, (_, index) => ({ item: `${part}-${index}` })));
    }
  });
  expect(await durableLog.merge(ada, guest)).toEqual({ merged: 25_001, length: 25_001 });
  const { epoch } = await durableLog.tail(ada);
  expect(await durableLog.takeBack(ada, { position: 1, log: epoch.slice(0, 8) })).toBe(true);
  const tail = await durableLog.tail(ada);
  const all = (await durableLog.stretch(ada, tail, 0, 0))!.events.map(({ item }) => item);
  expect(all).toHaveLength(25_000);
  expect(all.slice(0, 2)).toEqual(['0-0', '0-1']);
  expect(new Set(all).size).toBe(25_000);
});

test('who may name some users only merges no other one', async () => {
  const { key, record } = await keyOf('part', { users: 'web-', scopes: ['read', 'write', 'delete'] });
  const visitor = new Visitor({ access: locked([record]), log: new MemoryLog() });
  const ask = (user: string, from: string) =>
    visitor.request('POST', `${pathOf(user)}/merge`, { from }, bearing(key));
  await problemOf(await ask('web-1', 'ada'), 403, 'forbidden');
  await problemOf(await ask('ada', 'web-1'), 403, 'forbidden');
  expect((await ask('web-1', 'web-2')).status).toBe(200);
});

test.each(['2', '0-5f0c93ab', '2-5f0c93a', '2-5F0C93AB', '-1', '2-5f0c93ab-', 'x'])(
  '%s is no position',
  async (text) => {
    await problemOf(await takeBack(new Visitor({}), 'ada', text), 422, 'invalid_request');
  },
);
