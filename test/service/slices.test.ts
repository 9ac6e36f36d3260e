/** No request keeps an isolate's thread for long: long work is done in pieces, and wrong bodies are left. */
import { z } from '@hono/zod-openapi';
import { afterEach, expect, test, vi } from 'vitest';
import { listUpTo } from '../../worker/http/schemas/bounded-list.ts';
import { FakeModel } from './fake-model.ts';
import { type Json, problemOf } from './helpers.ts';
import { bearing, keyOf, locked } from './keys.ts';
import { pathOf, Visitor } from './visitor.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const WINDOW = 600;
const HISTORY = Array.from({ length: 500 }, (_, at) => String(1 + (at % 12)));
const PIECE = 128;

/** A tenant that asks for something long, beside another one who was here a moment ago. */
async function besideAnother() {
  const [one, other] = await Promise.all([keyOf('one', { tenant: 'a' }), keyOf('other', { tenant: 'b' })]);
  const model = new FakeModel({ window: WINDOW });
  const visitor = new Visitor({ model, access: locked([one.record, other.record]) });
  await visitor.answer(200, 'GET', '/v1/items/1', undefined, bearing(other.key));
  const ask = (method: string, path: string, body?: object): Promise<Json> =>
    visitor.answer(200, method, path, body, bearing(one.key));
  return { visitor, model, ask, headers: bearing(one.key) };
}

test.each<[string, string, object]>([
  ['a history', '/v1/recommendations', { history: HISTORY }],
  ['each part of an explanation', '/v1/recommendations', { history: HISTORY, explain: true }],
  ['each history of a batch', '/v1/recommendations:batch', { requests: [{ history: HISTORY }] }],
])('%s is prefilled in pieces beside others, and the lists are the same', async (_, path, body) => {
  const { model, ask } = await besideAnother();
  const answer = await ask('POST', path, body);
  expect(Math.max(...model.prefills.map(({ length }) => length))).toBe(PIECE);

  const alone = new Visitor({ model: new FakeModel({ window: WINDOW }) });
  const expected = await alone.answer(200, 'POST', path, body);
  const itemsOf = ({ items, results = [] }: Json) => [items, ...results.map((list: Json) => list.items)];
  expect(itemsOf(answer)).toEqual(itemsOf(expected));
  expect(model.prefilled).toBe(alone.model.prefilled);
});

test('so is what a returning user adds', async () => {
  const { visitor, model, ask, headers } = await besideAnother();
  const list = () => ask('GET', `${pathOf('ada')}/recommendations`);
  await visitor.append('ada', HISTORY.slice(0, 10), headers);
  await list();
  await visitor.append('ada', HISTORY.slice(10), headers);
  model.prefills.length = 0;
  const { items } = await list();
  expect(model.prefills.map(({ length }) => length)).toEqual([PIECE, PIECE, PIECE, 490 - 3 * PIECE]);
  expect(items).toEqual((await ask('POST', '/v1/recommendations', { history: HISTORY })).items);
});

test('who is alone again after a while has a history prefilled in one piece', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { model, ask } = await besideAnother();
  await ask('POST', '/v1/recommendations', { history: HISTORY });
  expect(model.prefills).toHaveLength(4);
  vi.advanceTimersByTime(10_001);
  await scheduler.wait(5); // lru-cache reads the clock once a turn
  await ask('POST', '/v1/recommendations', { history: HISTORY });
  expect(model.prefills.slice(4).map(({ length }) => length)).toEqual([HISTORY.length]);
});

test('of a list that is wrong all over, a few entries are looked at and named', () => {
  let looked = 0;
  const never = z.custom<string>(() => {
    looked++;
    return false;
  });
  const { error } = listUpTo(10_000, never).safeParse(new Array(10_000).fill(''));
  expect(error?.issues.map(({ path }) => path)).toEqual(Array.from({ length: 20 }, (_, at) => [at]));
  expect(looked).toBe(2 * 20);
});

test('of a batch, nothing after the first wrong list is looked at', async () => {
  const checks = vi.spyOn(RegExp.prototype, 'test');
  const requests = [{ history: [''] }, ...new Array(31).fill({ history: HISTORY })];
  const response = await new Visitor({}).request('POST', '/v1/recommendations:batch', { requests });
  expect(checks.mock.calls.length).toBeLessThan(HISTORY.length);
  const { errors } = await problemOf(response, 422, 'invalid_request');
  expect(errors.map(({ path }: Json) => path)).toEqual(['/requests/0/history/0']);
});

test('a batch that there is no room for is refused before its lists are looked at', async () => {
  const visitor = new Visitor({});
  const { finish } = visitor.holdEngine();
  const requests = new Array(32).fill({ history: HISTORY });
  const first = visitor.request('POST', '/v1/recommendations:batch', { requests });
  await vi.waitFor(() => expect(visitor.model.prefill).toHaveBeenCalledOnce());
  const checks = vi.spyOn(RegExp.prototype, 'test');
  await problemOf(
    await visitor.request('POST', '/v1/recommendations:batch', { requests }),
    503,
    'overloaded',
  );
  expect(checks.mock.calls.length).toBeLessThan(HISTORY.length);
  finish();
  expect((await first).status).toBe(200);
});

test('too many properties of an item are counted, and not looked at', async () => {
  const checks = vi.spyOn(RegExp.prototype, 'test');
  const properties = Object.fromEntries(HISTORY.map((_, at) => [`name ${at}`, at]));
  const response = await new Visitor({}).request('PATCH', '/v1/items/1', { properties });
  expect(checks.mock.calls.length).toBeLessThan(HISTORY.length);
  const { errors } = await problemOf(response, 422, 'invalid_request');
  expect(errors).toEqual([{ path: '/properties', message: 'At most 40' }]);
});
