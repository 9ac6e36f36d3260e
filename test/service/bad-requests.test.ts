import { describe, expect, test } from 'vitest';
import { LARGEST_BODY } from '../../worker/http/bodies.ts';
import { LONGEST_HISTORY } from '../../worker/http/schemas/lists.ts';
import { fakeService, post, problemOf } from './helpers.ts';

const { app } = fakeService();

describe('what is not JSON is a 400', () => {
  const bodies = ['', '{', 'NaN', '{"k": NaN}', "{'k': 1}", '{"k": 1}}', '\u0000', '['.repeat(100_000)];
  test.each(bodies.map((body) => [body.slice(0, 20), body]))('%j', async (_, body) => {
    await problemOf(await post(app, body), 400, 'malformed_json');
  });

  test('bytes that are no UTF-8', async () => {
    const body = Uint8Array.from([...'{"history": ["\u00ff"]}'], (char) => char.charCodeAt(0));
    const headers = { 'Content-Type': 'application/json' };
    const response = await app.request('/v1/recommendations', { method: 'POST', headers, body });
    await problemOf(response, 400, 'malformed_json');
  });
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])(
  'a body of the type %j is a 415',
  async (type) => {
    const init = { method: 'POST', headers: type ? { 'Content-Type': type } : undefined };
    const body = new TextEncoder().encode('{"k": 1}');
    await problemOf(
      await app.request('/v1/recommendations', { ...init, body }),
      415,
      'unsupported_media_type',
    );
  },
);

describe('JSON of the wrong shape is a 422 that says where', () => {
  test.each<[unknown, string]>([
    ['null', ''],
    ['[]', ''],
    ['"x"', ''],
    ['7', ''],
    [{ history: '1' }, '/history'],
    [{ history: null }, '/history'],
    [{ history: ['1', 2] }, '/history/1'],
    [{ history: ['1', '2', '3', ['4']] }, '/history/3'],
    [{ history: [''] }, '/history/0'],
    [{ history: ['x'.repeat(201)] }, '/history/0'],
    [{ history: ['a\nb'] }, '/history/0'],
    [{ history: ['a\u0000'] }, '/history/0'],
    [{ history: Array(LONGEST_HISTORY + 1).fill('1') }, '/history'],
    [{ exclude: [{}] }, '/exclude/0'],
    [{ exclude: Array(10_001).fill('1') }, '/exclude'],
    [{ k: 0 }, '/k'],
    [{ k: 101 }, '/k'],
    [{ k: -1 }, '/k'],
    [{ k: 1.5 }, '/k'],
    [{ k: '10' }, '/k'],
    ['{"k": 1e999}', '/k'],
    [{ k: Number.MAX_SAFE_INTEGER }, '/k'],
    [{ include_seen: 'yes' }, '/include_seen'],
    [{ offset: -1 }, '/offset'],
    [{ offset: 0.5 }, '/offset'],
    [{ offset: 101 }, '/offset'],
    [{ categories: 'Comedy' }, '/categories'],
    [{ categories: [7] }, '/categories/0'],
    [{ categories: Array(101).fill('Comedy') }, '/categories'],
    [{ includeSeen: true }, '/includeSeen'],
    [{ 'a/b~c': 1 }, '/a~1b~0c'],
    ['{"constructor": 1}', '/constructor'],
    [`{"history": ${'['.repeat(10_000)}${']'.repeat(10_000)}}`, '/history/0'],
  ])('%.60j', async (body, path) => {
    const { errors, detail } = await problemOf(await post(app, body), 422, 'invalid_request');
    expect(errors[0]).toEqual({ path, message: expect.any(String) });
    expect(detail).toContain(errors[0].message);
  });

  test('many errors are cut short', async () => {
    const { errors } = await problemOf(
      await post(app, { history: Array(500).fill(1) }),
      422,
      'invalid_request',
    );
    expect(errors).toHaveLength(20);
  });

  test('a __proto__ key changes nothing', async () => {
    const response = await post(app, '{"__proto__": {"k": 1, "polluted": true}, "k": 3}');
    expect(response.status).toBeLessThan(500);
    expect('polluted' in {}).toBe(false);
  });
});

describe('what is unusual and fine', () => {
  test.each<[string, unknown]>([
    ['the same id many times', { history: ['1', '1', '1'], exclude: ['2', '2'] }],
    ['the longest history', { history: Array(LONGEST_HISTORY).fill('1') }],
    ['the longest id', { history: ['x'.repeat(200)] }],
    ['ids of any script', { history: ['映画', 'é', '\ud83c\udfac', '\ud800'] }],
    ['whitespace and a byte order mark', '\ufeff \n{"k": 1}\n'],
  ])('%s', async (_, body) => {
    expect((await post(app, body)).status).toBe(200);
  });
});

test('a body over 1 MiB is a 413, whether or not it says its length', async () => {
  const body = JSON.stringify({ history: ['x'.repeat(LARGEST_BODY)] });
  await problemOf(await post(app, body), 413, 'body_too_large');
  const headers = { 'Content-Type': 'application/json', 'Content-Length': String(body.length) };
  const init = { method: 'POST', headers, body };
  await problemOf(await app.request('/v1/recommendations', init), 413, 'body_too_large');
});

test('an unknown path is a 404', async () => {
  for (const path of ['/v1', '/v1/nothing', '/manifest.json', '/v1/items/1/x', '/favicon.ico']) {
    await problemOf(await app.request(path), 404, 'route_unknown');
  }
});

test('so is a known one with a slash at its end', async () => {
  for (const path of ['/v1/items/', '/v1/items/1/', '/v1/users/ada/', '/healthz/', '/docs/']) {
    await problemOf(await app.request(path), 404, 'route_unknown');
  }
});

test('a URL that Cloudflare would answer with a page is a 414', async () => {
  for (const path of ['/v1/items', '/v1/users/ada/recommendations', '/nothing']) {
    const response = await app.request(`${path}?q=${'x'.repeat(14 * 1024)}`);
    await problemOf(response, 414, 'uri_too_long');
  }
});

test.each([
  ['GET', '/v1/recommendations', 'POST'],
  ['DELETE', '/v1/items', 'GET, HEAD'],
  ['POST', '/v1/items/1', 'GET, HEAD, PUT, PATCH, DELETE'],
  ['POST', '/healthz', 'GET, HEAD'],
  ['GET', '/v1/recommendations:batch', 'POST'],
  ['POST', '/v1/items/1/similar', 'GET, HEAD'],
  ['POST', '/', 'GET, HEAD'],
])('%s %s is a 405 that allows %s', async (method, path, allow) => {
  const response = await app.request(path, { method });
  await problemOf(response, 405, 'method_not_allowed');
  expect(response.headers.get('Allow')).toBe(allow);
});
