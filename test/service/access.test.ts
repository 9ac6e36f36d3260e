/** Who may use a deployment, and for what. */
import { sign } from 'hono/jwt';
import { describe, expect, test } from 'vitest';
import { Access } from '../../worker/access/access.ts';
import { FakeModel } from './fake-model.ts';
import { fakeService, type Json, problemOf, serviceOf } from './helpers.ts';
import { bearing, keyOf, locked, minutesFromNow, signingKeyOf } from './keys.ts';
import { MemoryLog, MemoryStore } from './memory.ts';
import { pathOf, Visitor } from './visitor.ts';

const ITEMS = { items: [{ id: '5' }] };

/** Every operation of the reference as a request, with the scopes that it asks for. */
async function operations() {
  const { app } = fakeService();
  const document: Json = await (await app.request('/openapi.json')).json();
  return Object.entries<Json>(document.paths).flatMap(([path, item]) =>
    Object.entries<Json>(item)
      .filter(([, { security }]) => security.length > 0)
      .map(([method, { security, requestBody }]) => ({
        method: method.toUpperCase(),
        path: path
          .replace('{user_id}', 'ada')
          .replace('{id}', '1')
          .replace('{name}', 'christmas')
          .replace('{position}', '1-5f0c93ab'),
        body: requestBody?.content['application/json'].example,
        scopes: security[0].key as string[],
      })),
  );
}

describe('a deployment without keys', () => {
  const visitor = new Visitor({ access: locked([]) });

  test('answers whether it is healthy, and refuses everything else', async () => {
    expect((await visitor.request('GET', '/healthz')).status).toBe(200);
    const paths = [
      '/',
      '/page.js',
      '/docs',
      '/openapi.json',
      '/metrics',
      '/model/manifest.json',
      '/dashboard',
      '/icon.svg',
      '/v1/nothing',
      '/nothing',
    ];
    for (const path of paths) await problemOf(await visitor.request('GET', path), 401, 'unauthenticated');
    for (const { method, path, body } of await operations()) {
      const response = await visitor.request(method, path, body);
      await problemOf(response, 401, 'unauthenticated');
      expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="earn-edge"');
    }
  });

  test('nothing was stored', async () => {
    const log = new MemoryLog();
    const closed = new Visitor({ log, access: locked([]) });
    await closed.request('POST', `${pathOf('ada')}/interactions`, ITEMS);
    expect(log.users.size).toBe(0);
  });
});

test('settings that mean nothing open nothing', () => {
  const mistakes = [{ ACCESS: '' }, { ACCESS: 'Open' }, { ACCESS: 'toString' }, { EXPOSE: 'everything' }];
  for (const settings of mistakes) expect(() => locked([], settings)).toThrow(RangeError);
  for (const API_KEYS of ['', '{}', '[{}]', '[{"id":"a","scopes":["root"],"hash":"x"}]']) {
    expect(() => locked([], { API_KEYS })).toThrow(RangeError);
  }
  const twice = { id: 'a', scopes: ['read'], hash: '0'.repeat(64) };
  expect(() => locked([twice, twice])).toThrow(/same id/);
});

test('each operation takes a key with its scopes, and no other key', async () => {
  for (const { method, path, body, scopes } of await operations()) {
    const others = ['read', 'write', 'delete', 'admin'].filter((scope) => !scopes.includes(scope)) as never[];
    const right = await keyOf('right', { scopes: scopes as never[] });
    const wrong = await keyOf('wrong', { scopes: others });
    const visitor = new Visitor({ access: locked([right.record, wrong.record]) });
    const ask = (key: string) => visitor.request(method, path, body, bearing(key));
    expect([401, 403], `${method} ${path}`).not.toContain((await ask(right.key)).status);
    const { detail } = await problemOf(await ask(wrong.key), 403, 'forbidden');
    expect(detail).toContain(scopes.join(' and '));
  }
});

describe('credentials that are not, or no longer, good', async () => {
  const { key, record } = await keyOf('good');
  const expired = await keyOf('old', { expires: new Date(Date.now() - 1).toISOString() });
  const coming = await keyOf('new', { expires: new Date(Date.now() + 60_000).toISOString() });
  const { app } = serviceOf(async () => new FakeModel(), {
    access: locked([record, expired.record, coming.record]),
  });
  const ask = (Authorization: string) => app.request('/v1/items/1', { headers: { Authorization } });

  test('two keys are good at the same time, so that holders can change over', async () => {
    expect((await ask(`Bearer ${key}`)).status).toBe(200);
    expect((await ask(`bearer  ${coming.key}`)).status).toBe(200);
  });

  test.each([
    ['an expired key', `Bearer ${expired.key}`],
    ['another key with the same id', `Bearer earn_good_${crypto.randomUUID()}`],
    ['a part of a key', `Bearer ${key.slice(0, -1)}`],
    ['more than a key', `Bearer ${key}x`],
    ['an unknown id', `Bearer earn_nobody_${crypto.randomUUID()}`],
    ['the hash itself', `Bearer ${record.hash}`],
    ['no token', 'Bearer'],
    ['another scheme', `Basic ${btoa(key)}`],
    ['nothing', ''],
    ['a token that is none', 'Bearer a.b.c'],
  ])('%s', async (_, header) => {
    const response = await ask(header);
    await problemOf(response, 401, 'unauthenticated');
    expect(response.headers.get('WWW-Authenticate')).toContain('error="invalid_token"');
  });

  test('wrong credentials are told also where none are needed', async () => {
    const open = new Visitor({});
    await problemOf(
      await open.request('GET', '/v1/items/1', undefined, bearing('earn_a_b')),
      401,
      'unauthenticated',
    );
  });
});

describe('tenants', async () => {
  const [a, b, plain] = await Promise.all([
    keyOf('a', { tenant: 'shop-a', scopes: ['read', 'write', 'delete'] }),
    keyOf('b', { tenant: 'shop-b', scopes: ['read', 'write', 'delete'] }),
    keyOf('plain', { scopes: ['read', 'write', 'delete'] }),
  ]);
  const shared = { log: new MemoryLog(), store: new MemoryStore() };
  const access = locked([a.record, b.record, plain.record]);

  test('the same user id is another user for each', async () => {
    const visitor = new Visitor({ ...shared, access });
    const histories = { [a.key]: ['1', '2'], [b.key]: ['3'], [plain.key]: ['4'] };
    for (const [key, films] of Object.entries(histories)) {
      await visitor.append('ada', films, bearing(key));
      const list = await visitor.request('GET', `${pathOf('ada')}/recommendations`, undefined, bearing(key));
      expect(((await list.json()) as Json).cache.status).toBe('miss');
    }
    await visitor.settled();
    const gone = await visitor.request('DELETE', pathOf('ada'), undefined, bearing(a.key));
    expect(gone.status).toBe(204);
    for (const [key, films] of Object.entries({ ...histories, [a.key]: [] })) {
      const page = await visitor.request('GET', `${pathOf('ada')}/interactions`, undefined, bearing(key));
      const { items }: Json = await page.json();
      expect(items.map(({ id }: Json) => id)).toEqual(films.toReversed());
      const user: Json = await (await visitor.request('GET', pathOf('ada'), undefined, bearing(key))).json();
      expect(user.state === null).toBe(films.length === 0);
    }
  });

  test('no id of one tenant names a user of another', async () => {
    const visitor = new Visitor({ ...shared, access });
    await visitor.append('grace', ['1'], bearing(a.key));
    for (const id of ['\0shop-a\0grace', 'shop-a\0grace', 'shop-a/grace', '\0grace']) {
      for (const key of [plain.key, b.key]) {
        const answer = await visitor.request('GET', pathOf(id), undefined, bearing(key));
        expect(await answer.json()).toMatchObject({ user_id: id, length: 0, state: null });
      }
    }
  });

  test('logs from before there were tenants belong to the default one', async () => {
    const log = new MemoryLog();
    await log.append('ada', [{ item: '5' }]);
    const visitor = new Visitor({ log, access });
    const user = await visitor.request('GET', pathOf('ada'), undefined, bearing(plain.key));
    expect(await user.json()).toMatchObject({ length: 1 });
  });
});

test('a key for some users is for these alone', async () => {
  const { key, record } = await keyOf('part', {
    users: 'web-',
    scopes: ['read', 'write', 'delete', 'admin'],
  });
  const visitor = new Visitor({ access: locked([record]) });
  const ask = (method: string, path: string, body?: unknown) =>
    visitor.request(method, path, body, bearing(key));
  expect((await ask('POST', `${pathOf('web-1')}/interactions`, ITEMS)).status).toBe(201);
  for (const user of ['ada', 'Web-1', 'web', '-web-']) {
    await problemOf(await ask('POST', `${pathOf(user)}/interactions`, ITEMS), 403, 'forbidden');
    await problemOf(await ask('GET', `${pathOf(user)}/recommendations`), 403, 'forbidden');
    await problemOf(await ask('DELETE', pathOf(user)), 403, 'forbidden');
  }
  // What belongs to nobody may be read, and not be operated.
  expect((await ask('GET', '/v1/items')).status).toBe(200);
  await problemOf(await ask('GET', '/metrics'), 403, 'forbidden');
});

describe('tokens for browsers', async () => {
  const shop = await signingKeyOf('shop', { tenant: 'shop', users: 'web-' });
  const other = await signingKeyOf('other');
  const visitor = new Visitor({ access: locked([shop.record, other.record]) });
  const claims = { sub: 'web-1', exp: minutesFromNow(15) };
  const ask = (token: string, user = 'web-1') =>
    visitor.request('GET', `${pathOf(user)}/recommendations`, undefined, bearing(token));

  test('name one user', async () => {
    const token = await shop.token(claims);
    expect((await ask(token)).status).toBe(200);
    await problemOf(await ask(token, 'web-2'), 403, 'forbidden');
    await problemOf(await ask(token, 'web-11'), 403, 'forbidden');
    expect((await visitor.request('GET', '/v1/items', undefined, bearing(token))).status).toBe(200);
    const forget = await visitor.request('DELETE', pathOf('web-1'), undefined, bearing(token));
    await problemOf(forget, 403, 'forbidden'); // the signing key has no such scope
  });

  test.each<[string, () => Promise<string>]>([
    ['expired', () => shop.token({ ...claims, exp: minutesFromNow(-1) })],
    ['without an end', () => shop.token({ sub: 'web-1' })],
    ['that lives for a day', () => shop.token({ ...claims, exp: minutesFromNow(24 * 60) })],
    ['not valid yet', () => shop.token({ ...claims, nbf: minutesFromNow(5) })],
    ['without a user', () => shop.token({ exp: claims.exp })],
    ['for a user that the signer may not name', () => shop.token({ ...claims, sub: 'ada' })],
    [
      'signed by someone else',
      async () => {
        const forged = await signingKeyOf('shop');
        return forged.token(claims);
      },
    ],
    [
      'signed with the public key as a secret',
      () =>
        sign(
          claims,
          {
            ...({ kty: 'oct', k: shop.record.publicKey.x } as JsonWebKey),
            kid: 'shop',
            alg: 'HS256',
          } as never,
          'HS256',
        ),
    ],
    [
      'not signed',
      async () => {
        const part = (value: object) => btoa(JSON.stringify(value)).replace(/=+$/, '');
        return `${part({ alg: 'none', typ: 'JWT', kid: 'shop' })}.${part(claims)}.`;
      },
    ],
    [
      'changed',
      async () => {
        const [head, , signature] = (await shop.token(claims)).split('.');
        return [head, btoa(JSON.stringify({ ...claims, sub: 'web-2' })).replace(/=+$/, ''), signature].join(
          '.',
        );
      },
    ],
  ])('%s are refused', async (_, make) => {
    await problemOf(await ask(await make()), 401, 'unauthenticated');
  });
});

describe('what is not for callers of the API', () => {
  const paths = ['/', '/page.js', '/page.css', '/docs', '/openapi.json', '/metrics'];

  test('takes an admin key, or is exposed', async () => {
    const { key, record } = await keyOf('root', { scopes: ['admin'] });
    const closed = new Visitor({ access: locked([record]) });
    const exposed = new Visitor({ access: locked([], { EXPOSE: 'page docs  metrics x-model' }) });
    for (const path of paths) {
      await problemOf(await closed.request('GET', path), 401, 'unauthenticated');
      expect((await closed.request('GET', path, undefined, bearing(key))).status, path).toBe(200);
      expect((await exposed.request('GET', path)).status, path).toBe(200);
    }
    await problemOf(await exposed.request('GET', '/model/manifest.json'), 401, 'unauthenticated');
    const current = { 'X-Model': 'current' };
    await problemOf(await closed.request('GET', '/healthz', undefined, current), 401, 'unauthenticated');
    expect((await exposed.request('GET', '/healthz', undefined, current)).status).toBe(200);
  });

  test('a public demo shows the page, and neither counters nor models that were not chosen for it', async () => {
    const demo = new Visitor({ access: new Access({ ACCESS: 'demo', EXPOSE: '' }) });
    for (const path of paths.slice(0, -1)) expect((await demo.request('GET', path)).status, path).toBe(200);
    expect((await demo.append('ada', ['1'])).length).toBe(1);
    await problemOf(await demo.request('GET', '/metrics'), 403, 'forbidden');
    const choose = await demo.request('GET', '/v1/items/1', undefined, { 'X-Model': 'candidate' });
    await problemOf(choose, 403, 'forbidden');
  });
});
