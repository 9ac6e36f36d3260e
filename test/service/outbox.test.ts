/** What is stored leaves the logs: all of it, at least once, whatever the queue does. */
import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { logOf } from '../../worker/history/epoch.ts';
import { UserErased } from '../../worker/history/log.ts';
import type { UserHistory } from '../../worker/history/user-history.ts';
import { archive, readArchive } from '../../worker/outbox/archive.ts';
import { Outbox, type OutboxQueue } from '../../worker/outbox/outbox.ts';
import type { OutboxRecord } from '../../worker/outbox/record.ts';
import { log, someone, warmUp } from './durable.ts';
import { FakeModel } from './fake-model.ts';
import { type Json, problemOf, serviceOf } from './helpers.ts';

beforeAll(...warmUp);
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A queue that refuses every `every`th message, after it has taken it when `taking`. */
class FlakyQueue {
  readonly taken: OutboxRecord[][] = [];
  private calls = 0;
  private readonly every: number;
  private readonly taking: boolean;
  constructor(every = Infinity, taking = false) {
    this.every = every;
    this.taking = taking;
  }
  async send(message: OutboxRecord[]) {
    const refused = ++this.calls % this.every === 0;
    if (!refused || this.taking) this.taken.push(structuredClone(message));
    if (refused) throw new Error('the queue is away');
  }
  get positions(): number[] {
    return this.taken.flat().map((record) => ('position' in record ? record.position : 0));
  }
}

const objectOf = (user: string) => env.USERS.getByName(user);

test.each([
  ['takes everything', Infinity, false],
  ['refuses every second message', 2, false],
  ['takes a message and fails', 2, true],
])('a queue that %s: every event leaves, in its order', async (_, every, taking) => {
  const ada = someone();
  const queue = new FlakyQueue(every, taking);
  await log.append(ada, [{ item: 'a', time: 5, type: 'view' }]);
  await log.append(
    ada,
    Array.from({ length: 450 }, (_, i) => ({ item: `i${i}` })),
  );
  await runInDurableObject(objectOf(ada), async (_: UserHistory, state) => {
    const outbox = new Outbox(state.storage, queue, ada);
    const outcomes: boolean[] = [];
    for (let attempt = 0; attempt < 12; attempt++) outcomes.push(await outbox.drain(() => 'epoch-1'));
    expect(outcomes[0]).toBe(every === Infinity);
    expect(outcomes.at(-1)).toBe(true);
  });
  const positions = queue.positions;
  expect([...new Set(positions)]).toEqual(Array.from({ length: 451 }, (_, i) => i + 1));
  expect(positions.length > 451).toBe(taking);
  expect(queue.taken[0][0]).toEqual({
    ...{ user: ada, epoch: 'epoch-1', position: 1, item: 'a', time: 5, type: 'view' },
    stored: expect.any(Number),
  });
});

test('what was sent is not sent again, and what comes later is', async () => {
  const [ada, queue] = [someone(), new FlakyQueue()];
  await log.append(ada, [{ item: 'a' }]);
  await runInDurableObject(objectOf(ada), async (object: UserHistory, state) => {
    const outbox = () => new Outbox(state.storage, queue, ada);
    await outbox().drain(() => 'e');
    await outbox().drain(() => 'e');
    object.append([{ item: 'b' }]);
    await outbox().drain(() => 'e');
  });
  expect(queue.positions).toEqual([1, 2]);
});

/** Lets the user's object send to this queue, as in a deployment with an outbox. */
function connect(user: string, queue: OutboxQueue): Promise<void> {
  return runInDurableObject(objectOf(user), (object: UserHistory, { storage }) => {
    Object.assign(object, { outbox: new Outbox(storage, queue, user) });
  });
}

/** Milliseconds until the object wakes by itself; null: it does not. */
const alarmOf = (user: string) =>
  runInDurableObject(objectOf(user), async (_, { storage }) => {
    const at = await storage.getAlarm();
    return at === null ? null : at - Date.now();
  });

const OFTEN_MS = 60_000;

test('an object that ends while the queue takes an event has an alarm for it', async () => {
  const ada = someone();
  await connect(ada, { send: () => new Promise(() => {}) });
  await log.append(ada, [{ item: 'a' }]);
  expect(await alarmOf(ada)).toBeLessThan(OFTEN_MS);
  const queue = new FlakyQueue();
  await connect(ada, queue); // the object begins anew: nothing waits for the first queue any more
  expect(await runDurableObjectAlarm(objectOf(ada))).toBe(true);
  expect(queue.positions).toEqual([1]);
  expect(await alarmOf(ada)).toBeNull();
});

test('a queue that is away stops no deletion; it is told later, and tried again soon', async () => {
  const ada = someone();
  let isAway = true;
  const queue = new FlakyQueue();
  await connect(ada, {
    send: async (message) => (isAway ? Promise.reject(new Error('away')) : queue.send(message)),
  });
  await log.append(ada, [{ item: 'a' }], 'order-1');
  const { epoch } = await log.length(ada);
  await log.clear(ada);
  expect((await log.tail(ada)).events).toEqual([]);
  await log.append(ada, [{ item: 'b' }]);
  await runDurableObjectAlarm(objectOf(ada));
  // Also beside the keys of the deleted log, which are looked at once a day.
  expect(await alarmOf(ada)).toBeLessThan(OFTEN_MS);
  isAway = false;
  await runDurableObjectAlarm(objectOf(ada));
  expect(queue.taken.flat()).toEqual([
    { user: ada, epoch: logOf(epoch), erased: true },
    expect.objectContaining({ user: ada, position: 1, item: 'b' }),
  ]);
  await expect(log.append(ada, [{ item: 'a' }], 'order-1')).rejects.toThrow(UserErased);
});

test('an event that is taken back is followed by a note, however often the queue fails', async () => {
  const [ada, queue] = [someone(), new FlakyQueue(2, true)];
  await log.append(ada, [{ item: 'a' }, { item: 'b' }, { item: 'c' }]);
  await runInDurableObject(objectOf(ada), async (object: UserHistory, state) => {
    const outbox = new Outbox(state.storage, queue, ada);
    Object.assign(object, { outbox });
    const name = object.readTail().epoch.slice(0, 8);
    await outbox.drain(() => 'log-1');
    object.append([{ item: 'd' }]);
    for (const position of [4, 2]) expect(object.takeBack({ position, log: name })).toBe('taken_back');
    for (let attempt = 0; attempt < 6; attempt++) await outbox.drain(() => 'log-1');
  });
  const notes = queue.taken.flat().filter((record) => 'taken_back' in record);
  expect(new Set(notes.map(({ position }) => position))).toEqual(new Set([2, 4]));
  expect(notes).toContainEqual({ user: ada, epoch: 'log-1', position: 2, taken_back: true });
  expect(new Set(queue.positions)).toEqual(new Set([1, 2, 3, 4]));
});

test('the archive comes back page by page, to the tenant whose users these are', async () => {
  const bucket = (env as Env & { STATES_BUCKET: R2Bucket }).STATES_BUCKET;
  const record = (user: string, position: number): OutboxRecord => ({
    ...{ user, epoch: 'e', position, item: `i${position}`, stored: 1 },
  });
  const all = Array.from({ length: 45 }, (_, i) => record('ada', i + 1));
  for (const each of all) await archive(bucket, [[each, { user: '\0shop\0eve', epoch: 'x', erased: true }]]);
  expect((await readArchive(bucket, undefined)).records).toHaveLength(40);
  const { app } = serviceOf(async () => new FakeModel(), { archive: bucket });
  const found: OutboxRecord[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor && `?cursor=${encodeURIComponent(cursor)}`;
    const page: Json = await (await app.request(`/v1/export${query}`)).json();
    found.push(...page.records);
    cursor = page.next_cursor;
  }
  const positions = found.map((each) => ('position' in each ? each.position : 0));
  expect(found).toEqual(positions.map((position) => record('ada', position)));
  // Those of one millisecond come in any order.
  expect(positions.toSorted((a, b) => a - b)).toEqual(all.map((_, index) => index + 1));
});

test('an archive that is away is a 503', async () => {
  const list = () => Promise.reject(new Error('R2: 503'));
  const { app } = serviceOf(async () => new FakeModel(), { archive: { list } as unknown as R2Bucket });
  await problemOf(await app.request('/v1/export'), 503, 'archive_unavailable');
});

test('without an outbox there is nothing to export', async () => {
  const { app } = serviceOf(async () => new FakeModel());
  await problemOf(await app.request('/v1/export'), 404, 'export_unavailable');
});
