/** Which events are kept when a deployment says that not all are; what is left is numbered as before. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Retention, retentionOf } from '../../worker/history/retention.ts';
import type { UserHistory } from '../../worker/history/user-history.ts';
import { isolate, log, someone, warmUp } from './durable.ts';
import { listOf } from './visitor.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

beforeAll(...warmUp);
afterEach(() => {
  vi.useRealTimers();
});

/** What a deployment with these settings makes of the user's object. */
async function limited(user: string, retention: Retention): Promise<DurableObjectStub<UserHistory>> {
  const object = env.USERS.getByName(user);
  await runInDurableObject(object, (instance) => void Object.assign(instance, { retention }));
  return object;
}

test('of too many events the oldest go; the others keep their lists', async () => {
  const ada = someone();
  await limited(ada, { most: 8 });
  const history: string[] = [];
  for (let step = 0; step < 40; step++) {
    history.push(String(1 + ((step * 5) % 12)));
    await log.append(ada, [{ item: history[step] }]);
    const { total, dropped } = await log.tail(ada);
    expect(total).toBe(step + 1);
    expect(total - dropped).toBeLessThanOrEqual(10);
    expect(total - dropped).toBeGreaterThanOrEqual(Math.min(8, total));
    expect(await log.length(ada)).toMatchObject({ length: total - dropped });
    const visitor = isolate();
    const list = await visitor.recommend(ada, '?k=12');
    expect((await visitor.interactions(ada)).toReversed()).toEqual(history.slice(dropped));
    // Not what it had before: that has gone.
    const listed = list.items.map(({ id }: { id: string }) => id).toSorted();
    const left = Array.from({ length: 12 }, (_, index) => String(index + 1));
    expect(listed).toEqual(left.filter((id) => !history.slice(dropped).includes(id)).toSorted());
    expect(listOf(await isolate().recommend(ada, '?k=12'))).toEqual(listOf(list));
    await visitor.settled();
  }
});

test('events go when they are too old, by an alarm, also of someone who never comes back', async () => {
  const [ada, now] = [someone(), Date.now()];
  const object = await limited(ada, { age: 30 * DAY_MS });
  await log.append(ada, [{ item: '1' }, { item: '2' }]);
  await runInDurableObject(object, async (_, { storage }) => {
    expect(await storage.getAlarm()).toBeGreaterThan(now + DAY_MS - 60_000);
  });
  vi.useFakeTimers({ toFake: ['Date'], now: now + 20 * DAY_MS });
  await log.append(ada, [{ item: '3' }]);
  for (const [day, left] of [
    [29, ['1', '2', '3']],
    [31, ['3']],
    [51, []],
  ] as const) {
    vi.setSystemTime(now + day * DAY_MS);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    const { events, total } = await log.tail(ada);
    expect({ day, total, left: events.map(({ item }) => item) }).toEqual({ day, total: 3, left });
  }
  // Nothing is left that an alarm would have to come for.
  expect(await runDurableObjectAlarm(object)).toBe(false);
  expect(await log.append(ada, [{ item: '4' }])).toMatchObject({ length: 1 });
  expect(listOf(await isolate().recommend(ada))).toEqual(listOf(await isolate().fromScratch(['4'])));
});

test('by default all is kept; a setting that is no number stops the deployment', () => {
  expect(retentionOf(env)).toEqual({});
  const set = (HISTORY_MOST_EVENTS: string, HISTORY_MOST_DAYS = '') =>
    retentionOf({ HISTORY_MOST_EVENTS, HISTORY_MOST_DAYS } as unknown as Env);
  expect(set('5000', '30')).toEqual({ most: 5000, age: 30 * DAY_MS });
  for (const wrong of ['0', '-1', 'many', '1.5']) expect(() => set(wrong)).toThrow(RangeError);
});
