/** What someone sends who looks for a way in: inherited names, odd methods, ids that look alike. */
import { describe, expect, test } from 'vitest';
import { LiveCopy } from '../../worker/catalogue/live-copy.ts';
import { MemoryTruth } from '../../worker/catalogue/memory-truth.ts';
import { MemoryPublished } from '../../worker/live/memory-published.ts';
import { MemoryOutcomes } from '../../worker/outcomes/services.ts';
import { Variants } from '../../worker/outcomes/variants.ts';
import { FakeModel, MANIFEST } from './fake-model.ts';
import { type Json, problemOf } from './helpers.ts';
import { bearing, keyOf, locked, minutesFromNow, signingKeyOf } from './keys.ts';
import { MemoryLog } from './memory.ts';
import { pathOf, Visitor } from './visitor.ts';

/** Names of what every object inherits. */
const INHERITED = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

describe('names that every object has', () => {
  const visitor = new Visitor({ catalogue: new LiveCopy(new MemoryTruth(), new MemoryPublished()) });

  test.each(INHERITED)('%s is no property of an item that was given none of this name', async (name) => {
    await visitor.answer(200, 'PATCH', '/v1/items/5', { properties: { price: 3 } });
    const filter = JSON.parse(`{"${name}": {"exists": true}}`);
    expect((await visitor.fromScratch(['1'], { filter })).items).toEqual([]);
    const { items } = await visitor.fromScratch(['1'], { k: 100, return: [name, 'price'] });
    expect(items.find(({ id }: Json) => id === '5').properties).toEqual({ price: 3 });
  });

  test.each(['constructor', 'toString'])('%s can be one', async (name) => {
    await visitor.answer(200, 'PATCH', '/v1/items/6', { properties: { [name]: 'x' } });
    const list = await visitor.fromScratch(['1'], { filter: { [name]: 'x' }, return: [name] });
    expect(list.items).toMatchObject([{ id: '6', properties: { [name]: 'x' } }]);
  });

  test.each(INHERITED)('no list was made by a ranker called %s', async (ranker) => {
    const outcomes = new MemoryOutcomes(new Variants(''));
    const body = { recommendation_id: `${MANIFEST.id}.${ranker}..${crypto.randomUUID()}`, clicked: ['1'] };
    const response = await new Visitor({ outcomes }).request('POST', '/v1/events', body);
    await problemOf(response, 404, 'list_unknown');
  });

  test.each(INHERITED)('no key and no token of the id %s is one', async (id) => {
    const closed = new Visitor({ access: locked([]) });
    const part = (value: object) => btoa(JSON.stringify(value)).replace(/=+$/, '');
    const claims = { sub: 'ada', exp: minutesFromNow(5) };
    const token = `${part({ alg: 'ES256', typ: 'JWT', kid: id })}.${part(claims)}.AAAA`;
    for (const credentials of [`earn_${id}_x`, token]) {
      const response = await closed.request('GET', '/v1/items', undefined, bearing(credentials));
      await problemOf(response, 401, 'unauthenticated');
    }
  });
});

describe('bodies', () => {
  const visitor = new Visitor({});
  const send = (path: string, body: string) =>
    visitor.app.request(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });

  test.each([
    ['a number beyond all numbers', '{"items":[{"id":"1","timestamp":1e999}]}', 422],
    ['what is no number', '{"items":[{"id":"1","timestamp":NaN}]}', 400],
    ['a hundred thousand lists in each other', `{"items":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 422],
    ['a list that never ends', `{"items":${'['.repeat(1e5)}`, 400],
    ['a NUL in an id', '{"items":[{"id":"a\\u0000b"}]}', 422],
    ['half a character', '{"items":[{"id":"\\ud800"}]}', 422],
  ])('%s', async (_, body, status) => {
    expect((await send('/v1/users/ada/interactions', body)).status).toBe(status);
    expect((await visitor.user('ada')).length).toBe(0);
  });

  test('of a field that comes twice, the last counts, for the check as for the log', async () => {
    const body = '{"items":[{"id":"1"}],"items":[{"id":"2"}]}';
    expect((await send('/v1/users/twice/interactions', body)).status).toBe(201);
    expect(await visitor.interactions('twice')).toEqual(['2']);
  });
});

test('ids that look alike are those of different users, and of different items', async () => {
  const visitor = new Visitor({ log: new MemoryLog() });
  const alike = ['caf\u00e9', 'cafe\u0301', 'CAFÉ', 'ﬁn', 'fin', 'K', '\u212a', 'a', 'a\u200b', 'a ', '%61'];
  for (const [index, id] of alike.entries()) await visitor.append(id, [`only-${index}`, id]);
  for (const [index, id] of alike.entries()) {
    expect(await visitor.interactions(id)).toEqual([id, `only-${index}`]);
  }
});

describe('methods and headers', () => {
  const visitor = new Visitor({});
  const paths = [...new Set(visitor.app.routes.map(({ path }) => path))]
    .filter((path) => /^.(v1|healthz|metrics|docs|openapi)/.test(path) && !path.includes('*'))
    .map((path) => path.replace(/:(\w+)(\{[^}]*\})?/g, 'a'));

  test.each(['HEAD', 'OPTIONS', 'PROPFIND'])('%s of any path breaks nothing', async (method) => {
    for (const path of paths) {
      const response = await visitor.request(method, path);
      expect(response.status, path).toBeLessThan(500);
      if (method === 'HEAD') expect(await response.text(), path).toBe('');
    }
  });

  test.each<[string, Record<string, string>]>([
    [
      'an upgrade to a WebSocket',
      { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13' },
    ],
    ['a part of the answer', { Range: 'bytes=0-1' }],
    ['only if nothing is known', { 'If-None-Match': '*' }],
    ['another method', { 'X-HTTP-Method-Override': 'DELETE' }],
    ['another host and address', { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-For': '127.0.0.1' }],
    ['a request id with a line break in it', { 'X-Request-Id': 'a%0d%0aSet-Cookie: a=b' }],
  ])('%s that is asked for is not given', async (_, headers) => {
    await visitor.append('ada', ['1']);
    const response = await visitor.request('GET', `${pathOf('ada')}/recommendations`, undefined, headers);
    expect(response.status).toBe(200);
    expect(((await response.json()) as Json).items).not.toEqual([]);
    expect(response.headers.get('X-Request-Id')).toMatch(/^[\w=-]+$/);
    expect(response.headers.get('Set-Cookie')).toBeNull();
  });

  test('hundreds of headers are read past', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 500 }, (_, at) => [`X-Header-${at}`, 'x'.repeat(20)]),
    );
    expect((await visitor.request('GET', '/v1/items/1', undefined, many)).status).toBe(200);
  });

  test('an id with line breaks becomes no header', async () => {
    const response = await visitor.request('GET', '/v1/items/a%0d%0aSet-Cookie:%20a=b');
    expect(response.headers.get('Set-Cookie')).toBeNull();
    await problemOf(response, 404, 'item_unknown');
  });
});

describe('a browser’s token', async () => {
  const scopes = ['read' as const, 'write' as const, 'delete' as const, 'admin' as const];
  const shop = await signingKeyOf('shop', { scopes });
  const visitor = new Visitor({ access: locked([shop.record]), log: new MemoryLog() });
  const token = await shop.token({ sub: 'ada', exp: minutesFromNow(5) });

  test.each<[string, string, unknown?]>([
    ['GET', '/v1/users/eve'],
    ['DELETE', '/v1/users/eve'],
    ['DELETE', '/v1/users/eve/interactions/1-5f0c93ab'],
    ['GET', '/v1/users/eve/interactions'],
    ['POST', '/v1/users/eve/interactions', { items: [{ id: '1' }] }],
    ['POST', '/v1/users/eve/recommendations', { items: [{ id: '1' }] }],
    ['POST', '/v1/users/eve/merge', { from: 'ada' }],
    ['POST', '/v1/users/ada/merge', { from: 'eve' }],
    ['PUT', '/v1/items/1', { title: 'Mine' }],
    ['PUT', '/v1/items:batch', { items: [{ id: '1', title: 'Mine' }] }],
    ['DELETE', '/v1/items/1'],
    ['PUT', '/v1/rules/mine', { action: 'hide', filter: {} }],
    ['DELETE', '/v1/rules/mine'],
    ['GET', '/v1/outcomes'],
    ['DELETE', '/v1/outcomes'],
    ['GET', '/v1/export'],
    ['GET', '/metrics'],
  ])('%s %s is not for it, whatever its key may do', async (method, path, body) => {
    await problemOf(await visitor.request(method, path, body, bearing(token)), 403, 'forbidden');
  });
});

test('what a caller is answered stays out of caches that others share', async () => {
  const { key, record } = await keyOf('one', { scopes: ['read', 'admin'] });
  const visitor = new Visitor({ access: locked([record]), model: new FakeModel() });
  for (const path of ['/v1/items', '/v1/users/ada', '/v1/outcomes', '/v1/export', '/v1/nothing']) {
    for (const headers of [bearing(key), {}]) {
      const response = await visitor.request('GET', path, undefined, headers);
      expect(response.headers.get('Cache-Control'), `${path} ${response.status}`).toBe('no-store');
    }
  }
});
