/** How much a caller may ask for, how long a body may take, and which pages may read answers. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { MOST_IN_FLIGHT, MOST_INFERRING } from '../../worker/http/admission.ts';
import { BODY_DEADLINE_MS, BODY_SPREAD_MS } from '../../worker/http/bodies.ts';
import { type Limiter, Limits } from '../../worker/http/limits.ts';
import { problemOf } from './helpers.ts';
import { bearing, keyOf, locked, minutesFromNow, signingKeyOf } from './keys.ts';
import { MemoryLog } from './memory.ts';
import { pathOf, Visitor } from './visitor.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Lets each key through so many times. */
function limiter(limit: number): Limiter & { used: Map<string, number> } {
  const used = new Map<string, number>();
  return {
    used,
    async limit({ key }) {
      used.set(key, (used.get(key) ?? 0) + 1);
      return { success: used.get(key)! <= limit };
    },
  };
}

const LIST = { history: ['1'] };
const batchOf = (lists: number) => ({ requests: Array.from({ length: lists }, () => LIST) });

describe('limits', () => {
  test('a caller beyond its limit is told when to come back, and another one is answered', async () => {
    const [one, two] = await Promise.all([keyOf('one'), keyOf('two')]);
    const visitor = new Visitor({ access: locked([one.record, two.record]), limits: new Limits(limiter(2)) });
    const ask = (key: string) => visitor.request('POST', '/v1/recommendations', LIST, bearing(key));
    expect([await ask(one.key), await ask(one.key)].map(({ status }) => status)).toEqual([200, 200]);
    const refused = await ask(one.key);
    await problemOf(refused, 429, 'rate_limited');
    expect(refused.headers.get('Retry-After')).toBe('10');
    expect((await ask(two.key)).status).toBe(200);
  });

  test('who asks again at once is refused late, at another time each, and nobody else is', async () => {
    const [one, two] = await Promise.all([keyOf('one'), keyOf('two')]);
    const visitor = new Visitor({ access: locked([one.record, two.record]), limits: new Limits(limiter(0)) });
    const ask = (key: string) => visitor.request('POST', '/v1/recommendations', LIST, bearing(key));
    const wait = vi.spyOn(scheduler, 'wait').mockResolvedValue(undefined);
    const all = await Promise.all(Array.from({ length: 20 }, () => ask(one.key)));
    expect(wait).not.toHaveBeenCalled();
    for (let again = 0; again < 5; again++) all.push(await ask(one.key));
    const late = wait.mock.calls.map(([ms]) => ms!);
    expect(late).toHaveLength(5);
    expect(new Set(late).size).toBe(5);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...late)).toBeLessThanOrEqual(1500);
    for (const refused of all) await problemOf(refused, 429, 'rate_limited');
    await problemOf(await ask(two.key), 429, 'rate_limited');
    expect(wait).toHaveBeenCalledTimes(5);
  });

  test('a refusal that waits holds no place of another caller’s', async () => {
    const [one, two] = await Promise.all([keyOf('one'), keyOf('two')]);
    let calls = 0; // of each batch of two lists, the first one passes
    const half: Limiter = {
      limit: async ({ key }) => ({ success: key.includes('two') || calls++ % 2 === 0 }),
    };
    const visitor = new Visitor({ access: locked([one.record, two.record]), limits: new Limits(half) });
    let waiting = 0;
    vi.spyOn(scheduler, 'wait').mockImplementation(async (ms) => {
      if (ms! < 500) return;
      waiting++;
      await new Promise(() => {});
    });
    for (let request = 0; request < 20 + MOST_IN_FLIGHT; request++) {
      const refused = visitor.request('POST', '/v1/recommendations:batch', batchOf(2), bearing(one.key));
      if (request < 20) await problemOf(await refused, 429, 'rate_limited');
      else await vi.waitFor(() => expect(waiting).toBe(request - 19), { interval: 1 });
    }
    const list = await visitor.request('POST', '/v1/recommendations', LIST, bearing(two.key));
    expect(list.status).toBe(200);
  });

  test('no more than some hundred refusals wait: the others are answered at once', async () => {
    const visitor = new Visitor({ limits: new Limits(limiter(0)) });
    const wait = vi.spyOn(scheduler, 'wait').mockResolvedValue(undefined);
    for (let request = 0; request < 600; request++) await visitor.request('GET', '/v1/items/1');
    expect(wait).toHaveBeenCalledTimes(512);
  });

  test('without keys, addresses are told apart', async () => {
    const visitor = new Visitor({ limits: new Limits(limiter(1)) });
    const from = (address: string) =>
      visitor.request('GET', '/v1/items/1', undefined, { 'CF-Connecting-IP': address });
    expect((await from('192.0.2.1')).status).toBe(200);
    await problemOf(await from('192.0.2.1'), 429, 'rate_limited');
    expect((await from('192.0.2.2')).status).toBe(200);
  });

  test('a batch counts each of its lists, and a large body its size', async () => {
    const callers = limiter(100);
    const visitor = new Visitor({ limits: new Limits(callers) });
    await visitor.request('POST', '/v1/recommendations:batch', batchOf(32));
    expect([...callers.used.values()]).toEqual([32]);
    const history = Array.from({ length: 10_000 }, () => 'x'.repeat(30));
    await visitor.request('POST', '/v1/recommendations', { history });
    expect([...callers.used.values()]).toEqual([32 + 1 + 5]);
  });

  test('an explanation counts the lists that it is made of', async () => {
    const callers = limiter(100);
    const visitor = new Visitor({ limits: new Limits(callers) });
    const explained = { ...LIST, explain: true };
    expect((await visitor.request('POST', '/v1/recommendations', explained)).status).toBe(200);
    expect([...callers.used.values()]).toEqual([9]);
    const requests = [LIST, explained];
    expect((await visitor.request('POST', '/v1/recommendations:batch', { requests })).status).toBe(200);
    await visitor.append('ada', ['1']);
    expect((await visitor.request('GET', `${pathOf('ada')}/recommendations?explain=true`)).status).toBe(200);
    expect([...callers.used.values()]).toEqual([9 + 10 + 1 + 9]);
    const many = { requests: Array.from({ length: 7 }, () => explained) };
    expect((await visitor.request('POST', '/v1/recommendations:batch', many)).status).toBe(200);
  });

  test('a user is counted under every key and every spelling, also as the holder of a token', async () => {
    const shop = await signingKeyOf('shop');
    const { key, record } = await keyOf('till');
    const users = limiter(3);
    const visitor = new Visitor({
      access: locked([shop.record, record]),
      limits: new Limits(undefined, users),
    });
    const token = await shop.token({ sub: 'ada', exp: minutesFromNow(5) });
    const get = (path: string, by: string) => visitor.request('GET', path, undefined, bearing(by));
    expect((await get('/v1/items/1', token)).status).toBe(200);
    expect((await get('/v1/users/%61da', key)).status).toBe(200);
    expect((await get('/v1/users/ada/recommendations', token)).status).toBe(200);
    await problemOf(await get('/v1/users/ada', key), 429, 'rate_limited');
    expect((await get('/v1/users/bob', key)).status).toBe(200);
    expect([...users.used.keys()]).toEqual(['ada', 'bob']);
  });

  test('nothing is stored for a request that is refused', async () => {
    const log = new MemoryLog();
    const visitor = new Visitor({ log, limits: new Limits(undefined, limiter(1)) });
    const append = () => visitor.request('POST', `${pathOf('ada')}/interactions`, { items: [{ id: '1' }] });
    expect((await append()).status).toBe(201);
    await problemOf(await append(), 429, 'rate_limited');
    expect(await new Visitor({ log }).interactions('ada')).toEqual(['1']);
  });

  test('a limiter that fails limits nobody', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const broken: Limiter = { limit: () => Promise.reject(new Error('internal error')) };
    const visitor = new Visitor({ limits: new Limits(broken, broken) });
    expect((await visitor.request('GET', pathOf('ada'))).status).toBe(200);
  });
});

/** A request whose body comes as the stream says. */
function slowly(visitor: Visitor, body: ReadableStream, headers: Record<string, string> = {}) {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body };
  return Promise.resolve(visitor.app.request('/v1/recommendations', init));
}

/** Sends a byte, and then nothing. */
const stalled = (bytes = 1) =>
  new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(bytes).fill(32)) });

describe('bodies', () => {
  test('a hundred that never end take no place from others, and are ended after a while, one by one', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const visitor = new Visitor({});
    let ended = 0;
    const waiting = Array.from({ length: 100 }, () =>
      slowly(visitor, stalled()).finally(() => {
        ended++;
      }),
    );
    expect((await visitor.fromScratch(['1'])).source).toBe('model');
    await vi.advanceTimersByTimeAsync(BODY_DEADLINE_MS + BODY_SPREAD_MS / 2);
    expect(Math.abs(ended - 50)).toBeLessThan(45);
    await vi.advanceTimersByTimeAsync(BODY_SPREAD_MS / 2);
    for (const response of waiting) await problemOf(await response, 408, 'body_timeout');
  });

  test('unfinished ones hold no more memory than a caller may, and then give it back', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const visitor = new Visitor({});
    const large = Array.from({ length: 5 }, () => slowly(visitor, stalled(1000 * 1024)));
    await problemOf(await large[4], 503, 'overloaded');
    await vi.advanceTimersByTimeAsync(BODY_DEADLINE_MS + BODY_SPREAD_MS);
    for (const response of large.slice(0, 4)) await problemOf(await response, 408, 'body_timeout');
    expect((await visitor.fromScratch(['1'])).source).toBe('model');
  });

  test('one that breaks off is a 400', async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) });
    await problemOf(await slowly(new Visitor({}), broken), 400, 'malformed_json');
  });

  test('one of a GET is not read', async () => {
    const { body } = new Response('{}');
    const request = new Request('http://localhost/v1/recommendations', { method: 'POST', body });
    const asked = new Proxy(request, {
      get: (target, name) => (name === 'method' ? 'GET' : Reflect.get(target, name, target)),
    });
    await problemOf(await new Visitor({}).app.fetch(asked), 405, 'method_not_allowed');
  });

  test('one that is compressed is a 415 that says so', async () => {
    const text = new Blob([JSON.stringify(LIST)]).stream().pipeThrough(new CompressionStream('gzip'));
    const response = await slowly(new Visitor({}), text, { 'Content-Encoding': 'gzip' });
    const { detail } = await problemOf(response, 415, 'unsupported_media_type');
    expect(detail).toContain('gzip');
    expect(response.headers.get('Accept-Encoding')).toBe('identity');
  });
});

describe('work in flight', () => {
  test('a batch weighs its lists: a second one has no room, single lists have', async () => {
    const visitor = new Visitor({});
    const { finish } = visitor.holdEngine();
    const first = visitor.request('POST', '/v1/recommendations:batch', batchOf(32));
    await vi.waitFor(() => expect(visitor.model.prefill).toHaveBeenCalledOnce());
    const second = await visitor.request('POST', '/v1/recommendations:batch', batchOf(32));
    await problemOf(second, 503, 'overloaded');
    const singles = Array.from({ length: MOST_INFERRING - 32 }, () =>
      visitor.request('POST', '/v1/recommendations', LIST),
    );
    await vi.waitFor(() => expect(visitor.model.prefill).toHaveBeenCalledTimes(1 + singles.length));
    await problemOf(await visitor.request('POST', '/v1/recommendations', LIST), 503, 'overloaded');
    finish();
    for (const answer of [first, ...singles]) expect((await answer).status).toBe(200);
  });

  test('a batch lets others in between its lists', async () => {
    const visitor = new Visitor({});
    await visitor.request('GET', '/docs');
    const batch = visitor.request('POST', '/v1/recommendations:batch', batchOf(32));
    await vi.waitFor(() => expect(visitor.model.prefills.length).toBeGreaterThan(0), { interval: 1 });
    await visitor.fromScratch(['7']);
    const place = visitor.model.prefills.findIndex(([item]) => item === 6);
    expect(place).toBeLessThan(32);
    expect((await batch).status).toBe(200);
  });

  test('one caller leaves half of the room to others, and each gets its turn', async () => {
    const [greedy, modest] = await Promise.all([keyOf('greedy'), keyOf('modest')]);
    const visitor = new Visitor({ access: locked([greedy.record, modest.record]) });
    const ask = (key: string, film: string) =>
      visitor.request('POST', '/v1/recommendations', { history: [film] }, bearing(key));
    await ask(modest.key, '9');
    const prefill = visitor.model.prefill.bind(visitor.model);
    vi.spyOn(visitor.model, 'prefill').mockImplementation(async (...args) => {
      await scheduler.wait(5);
      return prefill(...args);
    });
    const many = Array.from({ length: MOST_INFERRING }, () => ask(greedy.key, '1'));
    const one = ask(modest.key, '2');
    const statuses = (await Promise.all(many)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(MOST_INFERRING / 2);
    expect((await one).status).toBe(200);
    // Its turn came after one or two of the other's, not after all of them.
    expect(visitor.model.prefills.findIndex(([item]) => item === 1)).toBeLessThan(5);
  });
});

describe('pages of other origins', () => {
  const SHOP = 'https://shop.example';
  const visitor = new Visitor({ origins: `${SHOP} https://other.example` });

  test('those on the list may read answers and problems', async () => {
    for (const path of ['/v1/items/1', '/v1/items/none', '/v1/nothing']) {
      const { headers } = await visitor.request('GET', path, undefined, { Origin: SHOP });
      expect(headers.get('Access-Control-Allow-Origin'), path).toBe(SHOP);
      expect(headers.get('Cross-Origin-Resource-Policy'), path).toBe('cross-origin');
      expect(headers.get('Vary')).toContain('Origin');
    }
    const asked = { Origin: SHOP, 'Access-Control-Request-Method': 'POST' };
    const preflight = await visitor.request('OPTIONS', '/v1/recommendations', undefined, asked);
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('Access-Control-Allow-Headers')).toContain('Authorization');
  });

  test('others may not', async () => {
    for (const Origin of ['https://evil.example', 'https://shop.example.evil.example', 'null']) {
      const { headers } = await visitor.request('GET', '/v1/items/1', undefined, { Origin });
      expect(headers.get('Access-Control-Allow-Origin')).toBeNull();
      expect(headers.get('Cross-Origin-Resource-Policy')).toBe('same-origin');
      const preflight = await visitor.request('OPTIONS', '/v1/recommendations', undefined, { Origin });
      await problemOf(preflight, 405, 'method_not_allowed');
    }
  });

  test('a page may ask first without a key, as browsers do', async () => {
    const closed = new Visitor({ origins: SHOP, access: locked([]) });
    const preflight = await closed.request('OPTIONS', '/v1/recommendations', undefined, { Origin: SHOP });
    expect(preflight.status).toBe(204);
    const refused = await closed.request('GET', '/v1/items/1', undefined, { Origin: SHOP });
    await problemOf(refused, 401, 'unauthenticated');
    expect(refused.headers.get('Access-Control-Allow-Origin')).toBe(SHOP);
  });
});
