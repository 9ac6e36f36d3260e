/** Views, purchases and returns of a user, with a model that tells them apart. */
import { beforeAll, expect, test } from 'vitest';
import { EventTypes } from '../../worker/events/event-types.ts';
import { isolate, someone, warmUp } from './durable.ts';
import { FakeModel, MANIFEST } from './fake-model.ts';
import { type Json, problemOf } from './helpers.ts';
import { listOf, pathOf } from './visitor.ts';

beforeAll(...warmUp);

const meaning = {
  types: ['buy', 'dislike', 'return', 'view'],
  target: 'buy',
  hide: ['buy'],
  remove: ['return'],
  forbid: ['dislike'],
};
const { config } = MANIFEST;
const table = new Float32Array(5 * (2 * config.width + config.levels * config.codebook));
const typed = () => isolate(new FakeModel({ events: new EventTypes(meaning, table, config) }));

const EVENTS = [
  { id: '1', type: 'view' },
  { id: '2', type: 'buy', timestamp: 9 },
  { id: '3', type: 'dislike' },
  { id: '4', type: 'buy' },
  { id: '4', type: 'return' },
  { id: '5' },
];

test('types are stored, and decide what a list may hold, whether it is made at once or event by event', async () => {
  const [ada, bob, visitor] = [someone(), someone(), typed()];
  const path = (user: string) => `${pathOf(user)}/interactions`;
  expect((await visitor.request('POST', path(ada), { items: EVENTS })).status).toBe(201);
  const stored: Json = await (await visitor.request('GET', path(ada))).json();
  const events = stored.items.map(({ position, ...event }: Json) => event);
  expect(events).toEqual(EVENTS.toReversed());

  const list = await visitor.recommend(ada, '?k=12');
  const ids = list.items.map(({ id }: Json) => id);
  expect(ids).toEqual(expect.arrayContaining(['1', '4', '5']));
  expect(ids).not.toContain('2');
  expect(ids).not.toContain('3');
  const everything = await visitor.recommend(ada, '?k=12&include_seen=true');
  expect(everything.items.map(({ id }: Json) => id).sort()).toEqual([...ids, '2'].sort());

  for (const event of EVENTS) {
    await visitor.request('POST', path(bob), { items: [event] });
    await visitor.recommend(bob);
  }
  expect(listOf(await visitor.recommend(bob, '?k=12'))).toEqual(listOf(list));
  const history = EVENTS.map(({ id, type }) => ({ id, ...(type && { type }) }));
  expect(listOf(await visitor.answer(200, 'POST', '/v1/recommendations', { history, k: 12 }))).toEqual(
    listOf(list),
  );
});

test('the same items with other types have another state', async () => {
  const [ada, bob, visitor] = [someone(), someone(), typed()];
  for (const [user, type] of [
    [ada, 'view'],
    [bob, 'buy'],
  ]) {
    await visitor.request('POST', `${pathOf(user)}/interactions`, { items: [{ id: '7', type }] });
  }
  const [first, second] = [await visitor.recommend(ada), await visitor.recommend(bob)];
  expect(first.items[0].score).not.toBe(second.items[0].score);
});

test('a return takes the item out of what is read: the state is that of a history without it', async () => {
  const [ada, bob, visitor] = [someone(), someone(), typed()];
  const append = (user: string, ...items: object[]) =>
    visitor.request('POST', `${pathOf(user)}/interactions`, { items });
  await append(ada, { id: '1', type: 'buy' }, { id: '2', type: 'buy' });
  await visitor.recommend(ada);
  await append(ada, { id: '1', type: 'return' });
  await append(bob, { id: '2', type: 'buy' });
  const after = await visitor.recommend(ada, '?k=12');
  expect(after.cache).toMatchObject({ status: 'miss', reused_items: 0, prefilled_items: 1 });
  expect(listOf(after)).toEqual(listOf(await visitor.recommend(bob, '?k=12')));
  expect((await visitor.recommend(ada)).cache.status).toBe('hit');

  // What was taken back and nothing else is no history.
  await append(ada, { id: '2', type: 'dislike' });
  const nothing = await visitor.recommend(ada, '?k=12');
  expect(nothing).toMatchObject({ source: 'popular', cache: { prefilled_items: 0 } });
  expect(nothing.items.map(({ id }: Json) => id)).not.toContain('2');
});

test('a state of typed events is of use to another isolate', async () => {
  const [ada, visitor, other] = [someone(), typed(), typed()];
  await visitor.request('POST', `${pathOf(ada)}/interactions`, { items: EVENTS });
  await visitor.recommend(ada);
  await visitor.settled();
  const list = await other.recommend(ada);
  expect(list.cache).toMatchObject({ status: 'hit', degraded: false });
});

test('a target is one of the types that the model knows', async () => {
  const body = { history: ['1'], target: 'buy' };
  const visitor = typed();
  await visitor.answer(200, 'POST', '/v1/recommendations', body);
  const unknown = await visitor.request('POST', '/v1/recommendations', { ...body, target: 'sale' });
  const problem = await problemOf(unknown, 422, 'invalid_request');
  expect(problem.errors).toEqual([{ path: '/target', message: 'Lists of this model can lead to buy, view' }]);
  const counted = await visitor.request('POST', '/v1/recommendations', {
    ...body,
    ...{ target: 'view', ranker: 'popular' },
  });
  expect((await problemOf(counted, 422, 'invalid_request')).errors).toEqual([
    { path: '/target', message: 'The ranker popular leads to no other type than buy' },
  ]);
  const untyped = await isolate().request('POST', '/v1/recommendations', body);
  expect((await problemOf(untyped, 422, 'invalid_request')).errors[0].message).toContain(
    'no types of events',
  );
});

test.each(['', 'a\u001fb', 'x'.repeat(65), '\ud800'])('the type %j is refused', async (type) => {
  const path = `${pathOf(someone())}/interactions`;
  await problemOf(
    await typed().request('POST', path, { items: [{ id: '1', type }] }),
    422,
    'invalid_request',
  );
});
