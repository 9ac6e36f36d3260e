/**
 * More requests than an isolate can answer in time: who is answered, who is told to come back, and that
 * nothing is lost.
 */

import { Hono } from 'hono';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Admission, MOST_IN_FLIGHT, MOST_INFERRING } from '../../worker/http/admission.ts';
import { problemOf } from './helpers.ts';
import { MemoryLog } from './memory.ts';
import { listOf, pathOf, Visitor } from './visitor.ts';

const TITLE = 'There are too many requests at once';

let logged: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  logged = vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const times = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, i) => make(i));

async function expectRefused(response: Response): Promise<void> {
  expect((await problemOf(response, 503, 'overloaded')).title).toBe(TITLE);
  expect(response.headers.get('Retry-After')).toBe('1');
}

/** An isolate whose engine works for as many requests as may use it, until `finish` is called. */
async function busy() {
  const log = new MemoryLog();
  const visitor = new Visitor({ log });
  await visitor.append('ada', ['1', '2']);
  const list = await visitor.recommend('ada');
  await visitor.request('GET', '/docs'); // its examples are answered by the model, once
  const { prefilling, finish } = visitor.holdEngine();
  const history = ['1', '2', '3'];
  const answers = times(MOST_INFERRING, () => visitor.request('POST', '/v1/recommendations', { history }));
  while (prefilling.mock.calls.length < MOST_INFERRING) await scheduler.wait(1); // their bodies are read first
  return { visitor, log, list, history, answers, finish };
}

test('three times as many users as are taken in: some are told to come back, and after that all are answered as ever', async () => {
  const visitor = new Visitor({});
  const users = times(3 * MOST_IN_FLIGHT, (index) => `user-${index}`);
  for (const [index, user] of users.entries()) await visitor.append(user, [String(1 + (index % 12))]);
  const send = (user: string) =>
    visitor.request(
      'POST',
      `${pathOf(user)}/recommendations`,
      { items: [{ id: '5' }] },
      { 'Idempotency-Key': 'a' },
    );

  const { promise: engine, resolve: finish } = Promise.withResolvers<void>();
  const prefill = visitor.model.prefill.bind(visitor.model);
  const held = vi.spyOn(visitor.model, 'prefill').mockImplementation(async (items, past) => {
    await engine; // or those who came first would be answered before the others have come
    return prefill(items, past);
  });
  const first = users.map(send);
  for (const response of await Promise.all(first.slice(MOST_INFERRING))) await expectRefused(response);
  finish();
  const taken = await Promise.all(first.slice(0, MOST_INFERRING));
  expect(taken.map(({ status }) => status)).toEqual(times(MOST_INFERRING, () => 200));
  held.mockRestore();
  // Nothing is stored for a request that is refused.
  for (const [index, user] of users.entries()) {
    expect(await visitor.interactions(user)).toHaveLength(index < MOST_INFERRING ? 2 : 1);
  }

  for (const [index, user] of users.entries()) {
    const again = await send(user);
    expect(again.status).toBe(200);
    const history = [String(1 + (index % 12)), '5'];
    expect((await visitor.interactions(user)).toReversed()).toEqual(history);
    expect(listOf(await again.json())).toEqual(listOf(await visitor.fromScratch(history)));
  }
});

test('while the engine is taken, whatever does not need it is answered', async () => {
  const { visitor, list, history, answers, finish } = await busy();
  await expectRefused(await visitor.request('POST', '/v1/recommendations', { history }));
  const requests = [{ history: [] }, { history }];
  await expectRefused(await visitor.request('POST', '/v1/recommendations:batch', { requests }));
  await expectRefused(await visitor.request('GET', `${pathOf('ada')}/recommendations?k=3`));

  expect(listOf(await visitor.recommend('ada'))).toEqual(listOf(list));
  expect((await visitor.recommend('newcomer')).source).toBe('popular');
  expect((await visitor.fromScratch([])).source).toBe('popular');
  expect(await visitor.append('bob', ['7'])).toMatchObject({ length: 1, unknown_items: [] });
  for (const path of ['/healthz', '/v1/items/1', '/v1/items/1/similar', '/metrics', '/v1/users/ada']) {
    expect((await visitor.request('GET', path)).status, path).toBe(200);
  }
  // The counters have it; the log has no line beside those of the requests.
  expect(await (await visitor.request('GET', '/metrics')).text()).toContain(
    'earn_problems_total{code="overloaded"} 3',
  );
  expect(visitor.facts.filter(({ problem }) => problem === 'overloaded')).toHaveLength(3);
  expect(logged).not.toHaveBeenCalled();

  finish();
  for (const answer of answers) expect((await answer).status).toBe(200);
  const after = await visitor.fromScratch(history);
  expect(after.items).not.toEqual([]);
  expect((await visitor.recommend('bob')).cache).toMatchObject({ status: 'miss', prefilled_items: 1 });
});

test('with twice as many in hand nothing is begun for a new one, and the same request succeeds later', async () => {
  const { visitor, log, history, answers, finish } = await busy();
  const { promise: read, resolve: answerReads } = Promise.withResolvers<void>();
  const length = log.length.bind(log);
  vi.spyOn(log, 'length').mockImplementation((user) => read.then(() => length(user)));
  const reads = times(MOST_IN_FLIGHT - MOST_INFERRING, () => visitor.request('GET', pathOf('ada')));

  const append = () => visitor.request('POST', `${pathOf('ada')}/interactions`, { items: [{ id: '9' }] });
  await expectRefused(await append());
  await expectRefused(await visitor.request('GET', `${pathOf('ada')}/recommendations`));
  await expectRefused(await visitor.request('POST', '/v1/recommendations', { history }));
  await expectRefused(await visitor.request('GET', '/v1/items/1'));
  for (const path of ['/', '/docs', '/healthz', '/metrics']) {
    expect((await visitor.request('GET', path)).status, path).toBe(200);
  }

  finish();
  answerReads();
  for (const answer of [...answers, ...reads]) expect((await answer).status).toBe(200);
  expect(await visitor.interactions('ada')).toEqual(['2', '1']);
  expect((await append()).status).toBe(201);
  expect(await visitor.interactions('ada')).toEqual(['9', '2', '1']);
});

test('a request with a wrong shape or method takes no place for longer than its answer', async () => {
  const visitor = new Visitor({});
  for (let index = 0; index < MOST_IN_FLIGHT; index++) {
    await problemOf(await visitor.request('POST', '/v1/recommendations', { k: 0 }), 422, 'invalid_request');
    await problemOf(await visitor.request('GET', '/v1/recommendations'), 405, 'method_not_allowed');
  }
  expect((await visitor.fromScratch(['1'])).source).toBe('model');
});

test('an error gives the place back, too', async () => {
  const visitor = new Visitor({});
  const broken = vi.spyOn(visitor.model, 'prefill').mockRejectedValue(new Error('a mistake of ours'));
  for (let index = 0; index < MOST_IN_FLIGHT; index++) {
    const response = await visitor.request('POST', '/v1/recommendations', { history: ['1'] });
    await problemOf(response, 500, 'internal');
  }
  broken.mockRestore();
  expect((await visitor.fromScratch(['1'])).source).toBe('model');
});

test('a request is kept going until it is answered, so that it is not counted for ever when its client leaves', async () => {
  const kept: Promise<unknown>[] = [];
  const { promise: work, resolve: finish } = Promise.withResolvers<void>();
  const app = new Hono().use(new Admission((request) => kept.push(request)).control).get('/', async (c) => {
    await work;
    return c.text('an answer');
  });
  const answer = app.request('/');
  expect(kept).toHaveLength(1);
  finish();
  await kept[0];
  expect(await (await answer).text()).toBe('an answer');
});

test('requests that the runtime has ended without a word are not counted for ever', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { visitor, history } = await busy();
  vi.advanceTimersByTime(29_999);
  await expectRefused(await visitor.request('POST', '/v1/recommendations', { history }));
  vi.advanceTimersByTime(1);
  vi.mocked(visitor.model.prefill).mockRestore();
  expect((await visitor.fromScratch(history)).source).toBe('model');
});
