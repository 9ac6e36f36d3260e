/** The log as it is stored: what older code wrote is read on, and mistakes are told from outages. */

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { sha256Hex } from '../../worker/engine/hex.ts';
import { DurableLog } from '../../worker/history/durable-log.ts';
import type { Event } from '../../worker/history/event.ts';
import { type HistoryLog, TAIL_EVENTS, UserErased } from '../../worker/history/log.ts';
import type { UserHistory } from '../../worker/history/user-history.ts';
import { ModelHost } from '../../worker/models/host.ts';
import { isolate, log, someone, stateKeys, warmUp } from './durable.ts';
import { FakeModel, MANIFEST } from './fake-model.ts';
import { problemOf, serviceWith } from './helpers.ts';
import { MemoryLog, MemoryStore } from './memory.ts';
import { listOf, pathOf, Visitor } from './visitor.ts';

beforeAll(...warmUp);
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

test('events come back with their times and types, oldest last', async () => {
  const user = someone();
  await log.append(user, [{ item: '1', type: 'view' }, { item: '2', time: 17.5 }, { item: '1' }]);
  const { events } = await log.page(user, 10, null);
  expect(events).toEqual([
    { position: 3, item: '1' },
    { position: 2, item: '2', time: 17.5 },
    { position: 1, item: '1', type: 'view' },
  ]);
  expect((await log.tail(user)).events).toEqual([{ item: '1', type: 'view' }, { item: '2' }, { item: '1' }]);
});

test.each<[string, () => HistoryLog]>([
  ['the real log', () => log],
  ['a log in memory', () => new MemoryLog()],
])(
  '%s brings what came after a place that the caller knows, and everything where it is none',
  async (_, make) => {
    const [own, user] = [make(), someone()];
    const eventsFrom = (first: number, count: number) =>
      Array.from({ length: count }, (_, at) => ({ item: String(first + at) }));
    await own.append(user, eventsFrom(0, 100));
    const whole = await own.tail(user);
    expect([whole.events.length, whole.digests.length]).toEqual([TAIL_EVENTS, TAIL_EVENTS]);
    for (const more of [0, 1, 5, 40, TAIL_EVENTS, 2 * TAIL_EVENTS]) {
      const { epoch, total, digest } = await own.tail(user);
      const known = { epoch, position: total, digest: digest! };
      const tail = await own.appendAndTail(user, eventsFrom(total, more), undefined, known);
      expect(await own.tail(user, known)).toMatchObject({ total: total + more, digest: tail.digest });
      const all = await own.tail(user);
      const after = (events: Event[]) => events.slice(Math.max(0, events.length - more));
      expect(after(tail.events)).toEqual(after(all.events));
      const shared = Math.min(tail.digests.length, all.digests.length);
      expect(tail.digests.slice(-shared)).toEqual(all.digests.slice(-shared));
      if (more < TAIL_EVENTS) expect(tail.digests.at(-1 - more)).toEqual(digest);
      for (const wrong of [
        { ...known, epoch: crypto.randomUUID() },
        { ...known, digest: digest!.map((byte) => byte ^ 1) },
        { ...known, position: total + more + 1 },
        { ...known, position: total - 1 },
      ]) {
        expect(await own.tail(user, wrong)).toEqual(all);
      }
    }
  },
);

test('asking for a user who never was stores nothing', async () => {
  const user = someone();
  const visitor = isolate();
  for (const path of ['', '/recommendations', '/interactions']) {
    expect((await visitor.request('GET', `${pathOf(user)}${path}`)).status, path).toBeLessThan(500);
  }
  const tables = await runInDurableObject(env.USERS.getByName(user), (_: UserHistory, { storage }) =>
    storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
  );
  expect(tables).toEqual([]);
  expect(await stateKeys(user)).toEqual([]);
});

test('a log from before events had types is read and continued, and its keys still count', async () => {
  const user = someone();
  const object = env.USERS.getByName(user);
  await runInDurableObject(object, (_: UserHistory, state) => {
    state.storage.sql.exec(`
      CREATE TABLE log (epoch TEXT NOT NULL);
      CREATE TABLE interaction (position INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL, timestamp REAL);
      CREATE TABLE append (key TEXT PRIMARY KEY, content TEXT NOT NULL, length INTEGER NOT NULL, at INTEGER NOT NULL);
      INSERT INTO log VALUES ('0b5f4d3a-0000-4000-8000-000000000001');
      INSERT INTO interaction (item, timestamp) VALUES ('7', 1), ('8', NULL);
    `);
    const content = JSON.stringify([{ id: '7', timestamp: 1 }, { id: '8' }]);
    state.storage.sql.exec("INSERT INTO append VALUES ('order-1', ?, 2, ?)", content, Date.now());
  });
  await evictDurableObject(object); // the next call meets what the older code left
  const before = [{ item: '7', time: 1 }, { item: '8' }];
  expect(await log.append(user, before, 'order-1')).toEqual({ length: 2, outcome: 'repeated' });
  expect(await log.append(user, [{ item: '9', type: 'purchase' }])).toMatchObject({ length: 3 });
  expect((await log.page(user, 1, null)).events).toEqual([{ position: 3, item: '9', type: 'purchase' }]);
  expect((await log.tail(user)).events.map(({ item }) => item)).toEqual(['7', '8', '9']);
});

/** What the code before chain digests ran: its tables, and how it appended. */
const OLD_TABLES = `
  CREATE TABLE log (epoch TEXT NOT NULL);
  CREATE TABLE interaction (
    position INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL, timestamp REAL, type TEXT
  );
  CREATE TABLE append (key TEXT PRIMARY KEY, content TEXT NOT NULL, length INTEGER NOT NULL, at INTEGER NOT NULL);
  INSERT INTO log VALUES ('0b5f4d3a-0000-4000-8000-000000000002');
`;
const OLD_APPEND = 'INSERT INTO interaction (item, timestamp, type) VALUES (?, NULL, NULL)';

/** Runs as older code on the user's object; then the object starts again, with today's. */
async function asOlderCode(user: string, run: (sql: SqlStorage) => void): Promise<void> {
  const object = env.USERS.getByName(user);
  await runInDurableObject(object, (_: UserHistory, { storage }) => run(storage.sql));
  await evictDurableObject(object);
}

test('old and new code take turns at a log, and neither loses its place', async () => {
  const [user, store] = [someone(), new MemoryStore()];
  const films = Array.from({ length: 130 }, (_, index) => String(1 + ((index * 5) % 12)));
  const append = (ids: string[]) => (sql: SqlStorage) => {
    for (const id of ids) sql.exec(OLD_APPEND, id);
  };
  await asOlderCode(user, (sql) => {
    sql.exec(OLD_TABLES);
    append(films.slice(0, 100))(sql);
  });
  const today = () => new Visitor({ model: new FakeModel({ window: 200 }), log, store });
  let length = 100;
  const next = (count: number) => {
    length += count;
    return films.slice(length - count, length);
  };
  const turns: [() => Promise<unknown>, string][] = [
    [async () => {}, 'miss'],
    [
      () =>
        log.append(
          user,
          next(1).map((item) => ({ item })),
        ),
      'extended',
    ],
    [() => asOlderCode(user, append(next(3))), 'extended'],
    [() => asOlderCode(user, () => {}), 'hit'],
    [
      () =>
        log.append(
          user,
          next(2).map((item) => ({ item })),
        ),
      'extended',
    ],
  ];
  for (const [turn, status] of turns) {
    await turn();
    const visitor = today();
    const list = await visitor.recommend(user, '?include_seen=true');
    expect(list.cache).toMatchObject({ status, prefilled_items: expect.any(Number) });
    if (status === 'extended') expect(list.cache.prefilled_items).toBeLessThan(4);
    const history = films.slice(0, length);
    expect(listOf(list)).toEqual(listOf(await visitor.fromScratch(history, { include_seen: true })));
    expect(await visitor.interactions(user)).toEqual(history.toReversed());
    expect(await log.length(user)).toMatchObject({ length });
    await visitor.settled();
    // What Workers of older code ask for.
    expect((await env.USERS.getByName(user).read()).items).toEqual(history);
  }
});

test('a log of a million events is taken over at once', async () => {
  const user = someone();
  await asOlderCode(user, (sql) => {
    sql.exec(OLD_TABLES);
    sql.exec(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
      INSERT INTO interaction (item) SELECT 1 + i % 12 FROM n
    `);
  });
  expect(await log.append(user, [{ item: '5' }])).toMatchObject({ length: 1_000_001 });
  const tail = await log.tail(user);
  expect(tail).toMatchObject({ total: 1_000_001, events: expect.objectContaining({ length: 64 }) });
  const stretch = await log.stretch(user, tail, tail.total - 300, tail.total);
  expect(stretch).toMatchObject({ proof: tail.digest, events: expect.objectContaining({ length: 300 }) });
  expect(stretch!.events.slice(-64)).toEqual(tail.events);
});

test('an object of older code is asked in its own words; lists are right and nothing is kept', async () => {
  const user = someone();
  await log.append(user, [{ item: '1' }, { item: '2' }]);
  /** The methods that objects had before chain digests. */
  const old = new Set<string | symbol>(['append', 'read', 'page', 'length', 'clear']);
  const objects = {
    getByName: (name: string) =>
      new Proxy(env.USERS.getByName(name), {
        get(stub, method) {
          if (old.has(method))
            return (...of: never[]) => (stub[method as 'read'] as (...of: never[]) => unknown)(...of);
          return async () => {
            throw new TypeError(`The RPC receiver does not implement the method "${String(method)}".`);
          };
        },
      }),
  } as unknown as typeof env.USERS;
  const store = new MemoryStore();
  const visitor = new Visitor({ log: new DurableLog(objects), store });
  const once = { 'Idempotency-Key': 'visit-1' };
  for (let again = 0; again < 2; again++) {
    const answer = await visitor.request(
      'POST',
      `${pathOf(user)}/recommendations`,
      { items: [{ id: '3' }] },
      once,
    );
    const list = await answer.json();
    expect(list).toMatchObject({ cache: { status: 'miss', prefilled_items: 3 } });
    expect(listOf(list)).toEqual(listOf(await visitor.fromScratch(['1', '2', '3'])));
  }
  expect(listOf(await visitor.recommend(user))).toEqual(listOf(await visitor.fromScratch(['1', '2', '3'])));
  await visitor.settled();
  expect(store.values.size).toBe(0);
});

test('a late retry of an old request does not bring a deleted user back; a new request does', async () => {
  for (const of of [log, new MemoryLog()]) {
    const user = someone();
    await of.append(user, [{ item: '1' }], 'order-1');
    await of.clear(user);
    await expect(of.append(user, [{ item: '1' }], 'order-1')).rejects.toThrow(UserErased);
    expect(await of.length(user)).toEqual({ epoch: '', length: 0 });
    expect(await of.append(user, [{ item: '2' }], 'order-2')).toMatchObject({ length: 1, outcome: 'added' });
    await of.clear(user);
    for (const key of ['order-1', 'order-2']) {
      await expect(of.append(user, [{ item: '2' }], key)).rejects.toThrow(UserErased);
    }
  }
  const visitor = new Visitor({ log });
  const user = someone();
  await visitor.append(user, ['1'], { 'Idempotency-Key': 'order-1' });
  await visitor.remove(user);
  const again = await visitor.request(
    'POST',
    `${pathOf(user)}/interactions`,
    { items: [{ id: '1' }] },
    {
      'Idempotency-Key': 'order-1',
    },
  );
  await problemOf(again, 410, 'user_erased');
});

test('a user is deleted right after a request that came twice and one whose list was judged', async () => {
  const user = someone();
  await log.append(user, [{ item: '1' }], 'order-1');
  await log.append(user, [{ item: '1' }], 'order-1');
  const list = { id: 'a', model: 'm', ranker: 'latent', variant: '', items: ['2'] };
  await log.serve(user, list, await log.tail(user));
  await log.append(user, [{ item: '2' }]);
  await log.clear(user);
  expect((await log.tail(user)).events).toEqual([]);
});

test('a day after a user was deleted, nothing is left of the log; a user who came back stays', async () => {
  const [gone, back] = [someone(), someone()];
  for (const user of [gone, back]) {
    await log.append(user, [{ item: '1' }], 'order-1');
    await log.clear(user);
  }
  await log.append(back, [{ item: '2' }]);
  const tables = (user: string) =>
    runInDurableObject(env.USERS.getByName(user), (_: UserHistory, { storage }) =>
      [
        ...storage.sql.exec(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
        ),
      ]
        .map(({ name }) => name)
        .filter((name) => !`${name}`.startsWith('sqlite_')),
    );
  expect(await tables(gone)).toEqual(['erased']);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 60 * 60 * 1000 });
  for (const user of [gone, back]) expect(await runDurableObjectAlarm(env.USERS.getByName(user))).toBe(true);
  vi.useRealTimers();
  expect(await tables(gone)).toEqual([]);
  expect((await tables(back)).toSorted()).toEqual(['append', 'chain', 'interaction', 'log', 'served']);
  expect((await log.tail(back)).events).toEqual([{ item: '2' }]);
});

test('keys and bodies of requests are stored as digests alone', async () => {
  const user = someone();
  await log.append(user, [{ item: 'a-secret-item' }], 'someone@example.com');
  const rows = await runInDurableObject(env.USERS.getByName(user), (_: UserHistory, { storage }) => [
    ...storage.sql.exec('SELECT key, content FROM append'),
  ]);
  expect(rows).toEqual([
    { key: expect.stringMatching(/^[0-9a-f]{64}$/), content: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ]);
});

test('what a real object throws is marked as its own mistake', async () => {
  // No caller sends this; it stands for whatever makes the object's code throw.
  await expect(log.append(someone(), null as never)).rejects.toMatchObject({ remote: true });
});

test.each([
  [{ remote: true }, 500, 'internal'],
  [{ remote: true, retryable: true }, 503, 'history_unavailable'],
  [{ remote: true, overloaded: true }, 503, 'history_unavailable'],
  [{ retryable: true }, 503, 'history_unavailable'],
  [{}, 503, 'history_unavailable'],
])('an object’s error with %j is a %i', async (marks, status, code) => {
  const stub = new Proxy({} as DurableObjectStub<UserHistory>, {
    get: () => async () => {
      throw Object.assign(new Error('what the object says'), marks);
    },
  });
  const objects = { getByName: () => stub } as unknown as DurableObjectNamespace<UserHistory>;
  const visitor = new Visitor({ log: new DurableLog(objects) });
  const response = await visitor.request('GET', '/v1/users/ada/interactions');
  expect(response.headers.get('Retry-After')).toBe(status === 503 ? '1' : null);
  await problemOf(response, status, code);
});

test('forgetting a user reads manifests and loads no model', async () => {
  const loadModel = vi.fn(() => Promise.reject(new Error('a load')));
  const manifest = async () => MANIFEST;
  const host = new ModelHost({ model: loadModel, manifest });
  const store = new MemoryStore();
  const { app } = serviceWith({ current: host, candidate: host }, { store });
  store.set(
    `state/${await sha256Hex(new TextEncoder().encode('ada'))}/${MANIFEST.stateId}`,
    new ArrayBuffer(8),
  );
  expect((await app.request('/v1/users/ada', { method: 'DELETE' })).status).toBe(204);
  expect(store.values.size).toBe(0);
  expect(loadModel).not.toHaveBeenCalled();
});
