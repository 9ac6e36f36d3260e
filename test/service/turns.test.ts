/** Whose work is next, however much somebody asks for. */
import { sha256 } from '@noble/hashes/sha2.js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Turns } from '../../worker/http/turns.ts';
import { bearing, keyOf, locked } from './keys.ts';
import { Visitor } from './visitor.ts';

/** A queue whose pieces of work note who had them done, in order; `work` is how much each of them is. */
function queue() {
  const turns = new Turns();
  const order: string[] = [];
  const ask = (caller: string, weight: number) =>
    turns.take(caller, weight, async () => {
      order.push(caller);
      await scheduler.wait(1);
    });
  return { turns, order, ask };
}

test('who asks for little waits for what runs, not for what is queued, also for the second part', async () => {
  const { order, ask } = queue();
  const much = Array.from({ length: 10 }, () => ask('much', 200));
  await vi.waitFor(() => expect(order).toHaveLength(2), { interval: 1 });
  await ask('little', 30);
  await ask('little', 20);
  const place = order.indexOf('little');
  expect(place).toBeLessThanOrEqual(3);
  expect(order[place + 1]).toBe('little');
  await Promise.all(much);
});

test('callers who always ask get the same amount of work done, not of pieces', async () => {
  const { order, ask } = queue();
  const large = Array.from({ length: 10 }, () => ask('large', 100));
  const small = Array.from({ length: 60 }, () => ask('small', 10));
  await Promise.all(large.slice(0, 6));
  const pieces = order.filter((caller) => caller === 'small').length;
  expect(pieces).toBeGreaterThanOrEqual(48);
  await Promise.all([...large, ...small]);
});

test('who asked for nothing has saved no more than a list up', async () => {
  const { order, ask } = queue();
  for (let turn = 0; turn < 20; turn++) await ask('early', 100);
  const late = Array.from({ length: 20 }, () => ask('late', 50));
  const early = Array.from({ length: 20 }, () => ask('early', 50));
  await Promise.all([...late, ...early]);
  const first = order.slice(20, 40).filter((caller) => caller === 'early').length;
  expect(first).toBeGreaterThanOrEqual(6);
});

test('who has a request here that does not end has saved no more than a list up either', async () => {
  const { turns, order, ask } = queue();
  turns.expect('slow', 10);
  for (let turn = 0; turn < 20; turn++) await ask('early', 100);
  const slow = Array.from({ length: 20 }, () => ask('slow', 50));
  const early = Array.from({ length: 20 }, () => ask('early', 50));
  await Promise.all([...slow, ...early]);
  const first = order.slice(20, 40).filter((caller) => caller === 'early').length;
  expect(first).toBeGreaterThanOrEqual(6);
});

test('however many wait, the event loop goes round between large pieces', async () => {
  const { turns } = queue();
  let [rounds, isOver] = [0, false];
  const goRound = async () => {
    for (; !isOver; rounds++) await scheduler.wait(0);
  };
  const going = goRound();
  const seen: number[] = [];
  const work = async () => {
    seen.push(rounds);
    sha256(new Uint8Array(200_000)); // all timers of those who wait are due afterwards
  };
  await Promise.all(Array.from({ length: 10 }, (_, caller) => turns.take(`caller-${caller}`, 148, work)));
  isOver = true;
  await going;
  expect(new Set(seen).size).toBe(10);
});

test('a request that comes while one caller has much done after much is let in', async () => {
  const { turns } = queue();
  const order: string[] = [];
  const ask = (caller: string, weight: number) =>
    turns.take(caller, weight, async () => void order.push(caller));
  const comes = scheduler.wait(1).then(() => ask('little', 10));
  for (let piece = 0; piece < 9; piece++) await ask('much', 200);
  await comes;
  expect(order.indexOf('little')).toBeLessThanOrEqual(2);
});

describe('a request that reads before it asks for its turn', () => {
  /** One who has much done, while a request of another one is here. The clock stands still. */
  async function beside(weight: number) {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { turns, order, ask } = queue();
    const much = Array.from({ length: 4 }, () => ask('much', weight));
    await vi.waitFor(() => expect(order).toHaveLength(1), { interval: 1 });
    const request = turns.expect('little', 10);
    await scheduler.wait(20);
    return { order, ask, much, answered: () => turns.answered(request) };
  }
  /** So much time, in which others look again and again. */
  async function pass(milliseconds: number) {
    for (let passed = 0; passed < milliseconds; passed++) {
      vi.setSystemTime(Date.now() + 1);
      await scheduler.wait(3);
    }
  }
  afterEach(() => void vi.useRealTimers());

  test('is waited for by large pieces, and then comes first', async () => {
    const { order, ask, much, answered } = await beside(200);
    expect(order).toEqual(['much']);
    await ask('little', 500);
    expect(order).toEqual(['much', 'little']);
    answered();
    await Promise.all(much);
  });

  test('is not waited for when it does not ask', async () => {
    const { order, much } = await beside(200);
    await pass(15);
    await Promise.all(much);
    expect(order).toHaveLength(4);
  });

  test('has not been waited for while somebody worked', async () => {
    const { order, ask, much, answered } = await beside(200);
    for (let piece = 0; piece < 5; piece++) {
      vi.setSystemTime(Date.now() + 50);
      await scheduler.wait(3);
    }
    await ask('little', 500);
    expect(order).toEqual(['much', 'little']);
    answered();
    await Promise.all(much);
  });

  test('is not waited for by small pieces', async () => {
    const { order, much } = await beside(20);
    await Promise.all(much);
    expect(order).toHaveLength(4);
  });

  test('costs its caller something: who sends many is later than others', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { turns, order, ask } = queue();
    for (let request = 0; request < 50; request++) turns.expect('many', 10);
    const others = Array.from({ length: 3 }, () => ask('other', 90));
    await Promise.all([...others, ask('many', 10)]);
    expect(order).toEqual(['other', 'other', 'other', 'many']);
  });
});

test('who was taken for gone, and is the only one, still has its turn', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { turns, ask } = queue();
  const { promise: work, resolve: finish } = Promise.withResolvers<void>();
  const first = turns.take('first', 200, () => work);
  const second = ask('second', 200);
  const third = ask('third', 200);
  vi.setSystemTime(Date.now() + 1500); // nobody has looked for so long
  await scheduler.wait(5);
  vi.setSystemTime(Date.now() + 1500);
  finish();
  await Promise.all([first, second, third]);
  vi.useRealTimers();
});

test('work that fails gives its turn back', async () => {
  const { turns, ask } = queue();
  await expect(turns.take('broken', 1, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await ask('next', 1);
});

/** A tenant with these keys beside another one, who was here a moment ago. */
async function beside(ids: string[]) {
  const hostile = await Promise.all(ids.map((id) => keyOf(id, { tenant: 'hostile' })));
  const other = await keyOf('other', { tenant: 'other' });
  const visitor = new Visitor({ access: locked([...hostile, other].map(({ record }) => record)) });
  const ask = (key: string, film: string, query: object = {}) =>
    visitor.request('POST', '/v1/recommendations', { history: [film], ...query }, bearing(key));
  await ask(other.key, '9');
  return { visitor, ask, hostile: hostile.map(({ key }) => key), other: other.key };
}

test('a tenant has one share of the work, however many keys it has', async () => {
  const { visitor, ask, hostile } = await beside(['a', 'b', 'c']);
  const prefill = visitor.model.prefill.bind(visitor.model);
  vi.spyOn(visitor.model, 'prefill').mockImplementation(async (...args) => {
    await scheduler.wait(5);
    return prefill(...args);
  });
  const many = Array.from({ length: 45 }, (_, index) => ask(hostile[index % 3], '1'));
  const served = (await Promise.all(many)).filter(({ status }) => status === 200).length;
  expect(served).toBe(25);
});

test('lists with explanations let others in between their prefills', async () => {
  const { visitor, ask, hostile, other } = await beside(['a']);
  const prefill = visitor.model.prefill.bind(visitor.model);
  const others: string[] = [];
  vi.spyOn(visitor.model, 'prefill').mockImplementation(async (items, past) => {
    others.push(items[0] === 1 ? 'other' : 'hostile');
    await scheduler.wait(2);
    return prefill(items, past);
  });
  const history = ['1', '4', '5', '6'];
  const explained = Array.from({ length: 2 }, () => ask(hostile[0], '1', { history, explain: true }));
  await vi.waitFor(() => expect(others.length).toBeGreaterThan(2), { interval: 1 });
  const before = others.length;
  const answer = await ask(other, '2');
  expect(others.indexOf('other') - before).toBeLessThanOrEqual(2);
  for (const response of [answer, ...(await Promise.all(explained))]) expect(response.status).toBe(200);
});
