/** What is stored leaves the logs: all of it, at least once, whatever the queue does. */
import { env, runInDurableObject } from 'cloudflare:test';
import { beforeAll, expect, test } from 'vitest';
import type { UserHistory } from '../../worker/history/user-history.ts';
import { archive, readArchive } from '../../worker/outbox/archive.ts';
import { Outbox } from '../../worker/outbox/outbox.ts';
import type { OutboxRecord } from '../../worker/outbox/record.ts';
import { log, someone, warmUp } from './durable.ts';
import { FakeModel } from './fake-model.ts';
import { type Json, problemOf, serviceOf } from './helpers.ts';

beforeAll(...warmUp);

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
    for (let attempt = 0; attempt < 12; attempt++) await outbox.drain(() => 'epoch-1');
    if (every < Infinity) expect(await state.storage.getAlarm()).not.toBeNull();
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
  expect(found).toEqual(all);
});

test('without an outbox there is nothing to export', async () => {
  const { app } = serviceOf(async () => new FakeModel());
  await problemOf(await app.request('/v1/export'), 404, 'export_unavailable');
});
