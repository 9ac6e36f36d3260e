/** Users with a memory: the real log and the real store, and films that a tiny model knows. */
import { beforeAll, expect, test } from 'vitest';
import { isolate, someone, stateKeys, warmUp } from './durable.ts';
import { FakeModel } from './fake-model.ts';
import { type Json, problemOf } from './helpers.ts';
import { listOf, pathOf } from './visitor.ts';

beforeAll(...warmUp);

test('what a user does is stored in its order and comes back newest first, page by page', async () => {
  const [ada, visitor] = [someone(), isolate()];
  expect(await visitor.append(ada, ['1', '2'])).toEqual({ user_id: ada, length: 2, unknown_items: [] });
  const items = [{ id: '3', timestamp: 978300760 }, { id: '3' }, { timestamp: 1.5, id: '4' }];
  expect((await visitor.request('POST', `${pathOf(ada)}/interactions`, { items })).status).toBe(201);

  const pages: Json[][] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = `limit=2${cursor && `&cursor=${cursor}`}`;
    const page: Json = await (await visitor.request('GET', `${pathOf(ada)}/interactions?${query}`)).json();
    pages.push(page.items.map(({ position: _, ...item }: Json) => item));
    cursor = page.next_cursor;
  }
  expect(pages).toEqual([
    [{ id: '4', timestamp: 1.5 }, { id: '3' }],
    [{ id: '3', timestamp: 978300760 }, { id: '2' }],
    [{ id: '1' }],
  ]);
});

test('films that the model does not know are kept, and count once a later model does', async () => {
  const ada = someone();
  const today = isolate();
  expect(await today.append(ada, ['14', '1', 'x', '14'])).toMatchObject({
    length: 4,
    unknown_items: ['14', 'x'],
  });
  expect(await today.recommend(ada)).toMatchObject({
    source: 'model',
    ignored_items: ['14', 'x'],
    cache: { status: 'miss', prefilled_items: 1 },
  });
  const later = isolate(FakeModel.later('Alien (1979)', 'Aliens (1986)'));
  const list = await later.recommend(ada);
  expect(list).toMatchObject({ ignored_items: ['x'], cache: { status: 'miss', prefilled_items: 3 } });
  expect(listOf(list)).toEqual(listOf(await later.fromScratch(['14', '1', 'x', '14'])));
});

test('a repeated request adds nothing, the key of another request is refused', async () => {
  const [ada, visitor] = [someone(), isolate()];
  const once = { 'Idempotency-Key': 'order-1' };
  const answers = await Promise.all([1, 2, 3].map(() => visitor.append(ada, ['1', '2'], once)));
  expect(answers.map(({ length }) => length)).toEqual([2, 2, 2]);
  await visitor.append(ada, ['3']);
  expect((await visitor.append(ada, ['1', '2'], once)).length).toBe(2);

  const path = `${pathOf(ada)}/interactions`;
  for (const items of [[{ id: '2' }, { id: '1' }], [{ id: '1' }], [{ id: '1', timestamp: 1 }, { id: '2' }]]) {
    await problemOf(await visitor.request('POST', path, { items }, once), 422, 'idempotency_key_reused');
  }
  expect(await visitor.interactions(ada)).toEqual(['3', '2', '1']);
  // The key is this user's.
  const bob = someone();
  await visitor.append(bob, ['5'], once);
  expect(await visitor.interactions(bob)).toEqual(['5']);
});

test('what is kept of a user can be looked at', async () => {
  const [ada, visitor] = [someone(), isolate()];
  expect(await visitor.user(ada)).toEqual({ user_id: ada, length: 0, state: null });
  await visitor.append(ada, ['1', '2', 'x']);
  expect(await visitor.user(ada)).toEqual({ user_id: ada, length: 3, state: null });
  const { cache } = await visitor.recommend(ada);
  await visitor.settled();
  const { state } = await visitor.user(ada);
  expect(state).toEqual({ items: 2, bytes: cache.state_bytes, age_seconds: expect.any(Number) });
  expect(state.age_seconds).toBeLessThan(60);
});

test('a deleted user leaves nothing behind, and begins anew', async () => {
  const ada = someone();
  const isolates = [isolate(), isolate(FakeModel.later('Alien (1979)'))];
  await isolates[0].append(ada, ['1', '2'], { 'Idempotency-Key': 'order-1' });
  for (const each of isolates) {
    await each.recommend(ada);
    await each.settled();
  }
  expect(await stateKeys(ada)).toHaveLength(2);

  await isolates[0].remove(ada);
  await isolates[0].remove(ada);
  expect(await stateKeys(ada)).toEqual([]);
  for (const each of isolates) {
    expect(await each.user(ada)).toEqual({ user_id: ada, length: 0, state: null });
    expect(await each.interactions(ada)).toEqual([]);
    expect(await each.recommend(ada)).toMatchObject({
      source: 'popular',
      cache: { status: 'miss', state_bytes: 0 },
    });
  }

  // The old request, late: it does not bring the user back.
  const old = { 'Idempotency-Key': 'order-1' };
  const items = [{ id: '1' }, { id: '2' }];
  const late = await isolates[1].request('POST', `${pathOf(ada)}/interactions`, { items }, old);
  await problemOf(late, 410, 'user_erased');
  // The same films in a new request: no state is remembered, in any isolate.
  await isolates[0].append(ada, ['1', '2'], { 'Idempotency-Key': 'order-2' });
  for (const each of isolates) {
    const searches = each.model.searches;
    expect((await each.recommend(ada)).cache).toMatchObject({ status: 'miss', prefilled_items: 2 });
    expect(each.model.searches).toBe(searches + 1);
  }
});

test('a state that was being written while its user was deleted is taken back', async () => {
  const ada = someone();
  const [here, there] = [isolate(), isolate()];
  await here.append(ada, ['1']);
  await here.recommend(ada);
  await here.settled();
  await here.append(ada, ['2']);
  await here.recommend(ada); // its write waits for the second to pass
  await there.remove(ada);
  expect(await stateKeys(ada)).toEqual([]);
  await here.settled();
  expect(await stateKeys(ada)).toEqual([]);
});

test('one request adds and recommends', async () => {
  const [ada, visitor] = [someone(), isolate()];
  const path = `${pathOf(ada)}/recommendations`;
  const query = { k: 3, offset: 1, exclude: ['4'], categories: ['Comedy', 'Western'], include_seen: true };
  const body = { items: [{ id: '1' }, { id: '2' }], ...query };
  const once = { 'Idempotency-Key': 'visit-1' };
  const list: Json = await (await visitor.request('POST', path, body, once)).json();
  expect(listOf(list)).toEqual(listOf(await visitor.fromScratch(['1', '2'], query)));
  const again: Json = await (await visitor.request('POST', path, body, once)).json();
  expect(listOf(again)).toEqual(listOf(list));
  expect(again.cache.status).toBe('hit');
  const get = await visitor.recommend(
    ada,
    '?k=3&offset=1&exclude=4&categories=Comedy&categories=Western&include_seen=true',
  );
  expect(listOf(get)).toEqual(listOf(list));
  expect(await visitor.interactions(ada)).toEqual(['2', '1']);
});

test('a user without a history, or with unknown films alone, gets what is popular', async () => {
  const [ada, visitor] = [someone(), isolate()];
  const newcomer = await visitor.recommend(ada, '?exclude=1&exclude=3');
  expect(listOf(newcomer)).toEqual(listOf(await visitor.fromScratch([], { exclude: ['1', '3'] })));
  expect(newcomer.source).toBe('popular');
  await visitor.append(ada, ['x']);
  expect(await visitor.recommend(ada)).toMatchObject({ source: 'popular', ignored_items: ['x'] });
});

const items = [{ id: '1' }];
const many = (count: number) => Array(count).fill({ id: '1' });

test.each<[string, string, string, unknown?, Record<string, string>?]>([
  ['POST', 'ada/interactions', '/items', {}],
  ['POST', 'ada/interactions', '', []],
  ['POST', 'ada/interactions', '/items', { items: [] }],
  ['POST', 'ada/interactions', '/items', { items: many(1001) }],
  ['POST', 'ada/interactions', '/items/0', { items: ['1'] }],
  ['POST', 'ada/interactions', '/items/0/id', { items: [{ id: 1 }] }],
  ['POST', 'ada/interactions', '/items/0/id', { items: [{ id: '' }] }],
  ['POST', 'ada/interactions', '/items/0/id', { items: [{ id: 'a\nb' }] }],
  ['POST', 'ada/interactions', '/items/0/id', { items: [{ id: 'x'.repeat(201) }] }],
  ['POST', 'ada/interactions', '/items/0/id', { items: [{ id: 'half a pair: \ud800' }] }],
  ['POST', 'ada/interactions', '/items/0/timestamp', { items: [{ id: '1', timestamp: '5' }] }],
  ['POST', 'ada/interactions', '/items/0/rating', { items: [{ id: '1', rating: 5 }] }],
  ['POST', 'ada/interactions', '/user', { items, user: 'bob' }],
  ['POST', 'ada/interactions', 'header/idempotency-key', { items }, { 'Idempotency-Key': '' }],
  ['POST', 'ada/interactions', 'header/idempotency-key', { items }, { 'Idempotency-Key': 'x'.repeat(256) }],
  ['POST', 'ada/recommendations', '/k', { items, k: 0 }],
  ['POST', 'ada/recommendations', '/history', { items, history: ['1'] }],
  ['POST', 'ada/recommendations', '/items', { items: [], k: 5 }],
  ['POST', 'ada/recommendations', '/offset', { items, k: 50, offset: 101 }],
  ['GET', 'ada/recommendations?k=0', 'query/k'],
  ['GET', 'ada/recommendations?k=101', 'query/k'],
  ['GET', 'ada/recommendations?k=', 'query/k'],
  ['GET', 'ada/recommendations?k=1&k=2', 'query/k'],
  ['GET', 'ada/recommendations?exclude=', 'query/exclude/0'],
  ['GET', 'ada/recommendations?offset=', 'query/offset'],
  ['GET', 'ada/recommendations?offset=-1', 'query/offset'],
  ['GET', 'ada/recommendations?offset=101', 'query/offset'],
  ['GET', 'ada/recommendations?categories=Romance', 'query/categories/0'],
  ['GET', 'ada/recommendations?categories=Comedy&categories=comedy', 'query/categories/1'],
  ['GET', 'ada/recommendations?include_seen=yes', 'query/include_seen'],
  ['GET', 'ada/recommendations?history=1', 'query/history'],
  ['GET', 'ada/interactions?limit=1001', 'query/limit'],
  ['GET', 'ada/interactions?cursor=a', 'query/cursor'],
  ['GET', 'ada/interactions?before=1', 'query/before'],
  ['GET', '%FF', 'param/user_id'],
  ['GET', 'a%zz/recommendations', 'param/user_id'],
  ['POST', '%C3/interactions', 'param/user_id', { items }],
])('%s /v1/users/%s is a 422 at %s', async (method, path, field, body, headers) => {
  const response = await isolate().request(method, `/v1/users/${path}`, body, headers);
  const { errors } = await problemOf(response, 422, 'invalid_request');
  expect(errors[0]).toEqual({ path: field, message: expect.any(String) });
});

test('a category that the catalogue does not have: nothing is stored', async () => {
  const [ada, visitor] = [someone(), isolate()];
  const body = { items, categories: ['Comedy', 'Romance'] };
  const response = await visitor.request('POST', `${pathOf(ada)}/recommendations`, body);
  const { errors } = await problemOf(response, 422, 'invalid_request');
  expect(errors).toEqual([{ path: '/categories/1', message: expect.stringContaining('/v1/categories') }]);
  expect(await visitor.interactions(ada)).toEqual([]);
});

test('a user id may have 1024 characters', async () => {
  const visitor = isolate();
  expect(await visitor.append('界'.repeat(1024), ['1'])).toMatchObject({ user_id: '界'.repeat(1024) });
  const response = await visitor.request('DELETE', pathOf('x'.repeat(1025)));
  const { errors } = await problemOf(response, 422, 'invalid_request');
  expect(errors[0].path).toBe('param/user_id');
});

test('a thousand interactions of the longest ids go into one request', async () => {
  const [ada, visitor] = [someone(), isolate()];
  const ids = Array.from({ length: 1000 }, (_, index) => `${index}`.padStart(200, '界'));
  expect(await visitor.append(ada, ids, { 'Idempotency-Key': 'import' })).toMatchObject({ length: 1000 });
  expect(await visitor.interactions(ada)).toEqual(ids.toReversed());
});
