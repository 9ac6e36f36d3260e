/** Whatever happens to the cache, the list is the one of a request that brings its whole history. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StateCache } from '../../worker/cache/state-cache.ts';
import { decodeState, encodeState, type StoredState } from '../../worker/cache/state-codec.ts';
import type { HistoryState } from '../../worker/engine/decoder.ts';
import { ModelUnavailable } from '../../worker/engine/errors.ts';
import { CHAIN_START, chained } from '../../worker/history/chain.ts';
import { DurableLog } from '../../worker/history/durable-log.ts';
import { type HistoryLog, HistoryUnavailable } from '../../worker/history/log.ts';
import type { UserHistory } from '../../worker/history/user-history.ts';
import { historyOf } from '../../worker/recommend/history.ts';
import { FakeModel, MANIFEST } from './fake-model.ts';
import { type Json, post, problemOf, serviceOf } from './helpers.ts';
import { MemoryLog, MemoryStore } from './memory.ts';
import { listOf, Visitor } from './visitor.ts';

let log: MemoryLog;
let store: MemoryStore;
/** A new isolate: it remembers nobody. */
const isolate = (model = new FakeModel()) => new Visitor({ model, log, store });

beforeEach(() => {
  log = new MemoryLog();
  store = new MemoryStore();
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const HISTORY = ['5', '6', '7'];

/** The user has come before, and their state is in the store. Returns its key. */
async function cameBefore(user: string, history = HISTORY, model = new FakeModel()): Promise<string> {
  const keys = new Set(store.values.keys());
  const visitor = isolate(model);
  await visitor.append(user, history);
  await visitor.recommend(user);
  await visitor.settled();
  return [...store.values.keys()].find((key) => !keys.has(key))!;
}

/** What a fresh isolate answers is what the history alone says, and it leaves the store well. */
async function answersAndHeals(expected: Json, history = HISTORY) {
  const visitor = isolate();
  const list = await visitor.recommend('ada');
  expect(list.cache).toMatchObject(expected);
  expect(listOf(list)).toEqual(listOf(await visitor.fromScratch(history)));
  await visitor.settled();
  const next = isolate();
  const healed = await next.recommend('ada');
  expect(healed.cache).toMatchObject({ status: 'hit', degraded: false });
  expect(listOf(healed)).toEqual(listOf(list));
}

/** A whole state of these films, of a log that nobody has. */
async function storedState(items: number[], model = new FakeModel()): Promise<StoredState> {
  const events = items.map((item) => ({ item: String(item + 1) }));
  return {
    stateId: MANIFEST.stateId,
    epoch: crypto.randomUUID(),
    position: items.length,
    digest: events.reduce(chained, CHAIN_START),
    anchor: 0,
    hadFrom: 0,
    history: historyOf(model, events, 0),
    state: items.length === 0 ? null : await model.prefill(items),
  };
}

const MISS = { status: 'miss', reused_items: 0, degraded: false };

describe('a store that fails', () => {
  test('reads throw: computed anew, and says so', async () => {
    await cameBefore('ada');
    vi.spyOn(store, 'get').mockRejectedValueOnce(new Error('KV GET failed: 503'));
    await answersAndHeals({ ...MISS, degraded: true });
  });

  test('writes throw: nobody notices, another isolate computes anew', async () => {
    const put = vi.spyOn(store, 'put').mockImplementation(() => {
      throw new Error('KV PUT failed: 429 Too Many Requests');
    });
    await cameBefore('ada');
    expect(store.values.size).toBe(0);
    put.mockRestore();
    await answersAndHeals(MISS);
  });

  test('it can not be asked about a user: the history is told all the same', async () => {
    await cameBefore('ada');
    vi.spyOn(store, 'describe').mockRejectedValue(new Error('KV LIST failed: 503'));
    expect(await isolate().user('ada')).toEqual({ user_id: 'ada', length: 3, state: null });
  });

  test('deletes throw: the history is gone, and the answer asks to come again', async () => {
    await cameBefore('ada');
    const deleteAll = vi.spyOn(store, 'deleteAll').mockRejectedValueOnce(new Error('KV DELETE failed: 429'));
    const visitor = isolate();
    const response = await visitor.request('DELETE', '/v1/users/ada');
    await problemOf(response, 503, 'cache_unavailable');
    expect(response.headers.get('Retry-After')).toBe('1');
    await visitor.append('ada', HISTORY);
    expect((await isolate().recommend('ada')).cache.status).toBe('miss');
    deleteAll.mockRestore();
    await visitor.remove('ada');
    expect(store.values.size).toBe(0);
  });
});

describe('a store that answers with something else', () => {
  test('an older state is extended', async () => {
    const key = await cameBefore('ada');
    const old = store.values.get(key)!.bytes;
    await isolate().append('ada', ['8']);
    const visitor = isolate();
    await visitor.recommend('ada');
    await visitor.settled();
    store.set(key, old);
    await answersAndHeals({ status: 'extended', reused_items: 3, prefilled_items: 1 }, [...HISTORY, '8']);
  });

  test('a state of an earlier window is not', async () => {
    await cameBefore('ada');
    const history = [...HISTORY, '8', '9'];
    await isolate().append('ada', ['8', '9']);
    await answersAndHeals({ ...MISS, window_moved: true, window_start: 2, prefilled_items: 3 }, history);
  });

  test('a state newer than the log that was read is not used', async () => {
    await cameBefore('ada');
    const { events, digests, ...now } = await log.tail('ada');
    const older = { events: events.slice(0, 2), digests: digests.slice(0, 2), digest: digests[1], total: 2 };
    const visitor = isolate();
    vi.spyOn(log, 'tail').mockResolvedValueOnce({ ...now, ...older });
    const list = await visitor.recommend('ada');
    expect(list.cache).toMatchObject({ ...MISS, prefilled_items: 2 });
    expect(listOf(list)).toEqual(listOf(await visitor.fromScratch(HISTORY.slice(0, 2))));
  });

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['nothing', () => new Uint8Array()],
    ['a byte', (bytes) => bytes.slice(0, 1)],
    ['its header', (bytes) => bytes.slice(0, 96)],
    ['all but its last byte', (bytes) => bytes.slice(0, -1)],
    ['a byte more', (bytes) => Uint8Array.of(...bytes, 0)],
    ['itself twice', (bytes) => Uint8Array.of(...bytes, ...bytes)],
    ['zeros', (bytes) => new Uint8Array(bytes.length)],
    ['noise', (bytes) => crypto.getRandomValues(new Uint8Array(bytes.length))],
    ['text', () => new TextEncoder().encode('<html>Bad gateway</html>'.repeat(10))],
  ])('of a state: %s', async (_, damage) => {
    const key = await cameBefore('ada');
    store.set(key, damage(new Uint8Array(store.values.get(key)!.bytes)).buffer as ArrayBuffer);
    await answersAndHeals(MISS);
  });

  test('a state with any one bit flipped', async () => {
    const key = await cameBefore('ada');
    const { bytes } = store.values.get(key)!;
    const stateId = key.split('/')[2];
    expect(await new StateCache(store).fetch('ada', stateId)).not.toBeNull();
    for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
      const damaged = new Uint8Array(bytes.slice(0));
      damaged[bit >> 3] ^= 1 << (bit & 7);
      store.set(key, damaged.buffer);
      if (await new StateCache(store).fetch('ada', stateId))
        expect.fail(`bit ${bit & 7} of byte ${bit >> 3} is not missed`);
    }
    await answersAndHeals(MISS);
  });

  test('another user’s state, of the same films', async () => {
    const key = await cameBefore('ada');
    const other = await cameBefore('bob');
    store.set(key, store.values.get(other)!.bytes);
    await answersAndHeals(MISS);
  });

  test('another model’s state', async () => {
    const key = await cameBefore('ada');
    const other = new FakeModel({ id: '0000000000000001' });
    const visitor = isolate(other);
    await visitor.recommend('ada');
    await visitor.settled();
    const otherKey = [...store.values.keys()].find((each) => each !== key)!;
    store.set(key, store.values.get(otherKey)!.bytes);
    await answersAndHeals(MISS);
  });

  test('a whole state of this user, of films that were not the first', async () => {
    const key = await cameBefore('ada');
    const { epoch } = await log.tail('ada');
    store.set(key, encodeState({ ...(await storedState([0, 1])), epoch }));
    await answersAndHeals(MISS);
  });
});

test.each<[string, (stored: StoredState) => StoredState]>([
  ['too few keys and values', cut('keyValues')],
  ['too short a final state', cut('final')],
  ['no logits', cut('codeLogits')],
  ['too many local rows', (stored) => withState(stored, { localKeyValues: Int8Array.of(1, 2, 3) })],
  ['rows of a sliding window', (stored) => withState(stored, { slidingKeyValues: Int8Array.of(1) })],
  [
    'items that the model does not have',
    ({ history, ...stored }) => ({
      ...stored,
      history: { ...history, had: Int32Array.of(0, 1000) },
    }),
  ],
])('a state with a right checksum and %s is refused, said, and made anew', async (_, change) => {
  const key = await cameBefore('ada');
  const stored = decodeState(store.values.get(key)!.bytes)!;
  store.set(key, encodeState(change(stored)));
  await answersAndHeals({ ...MISS, degraded: true });
});

function cut(part: 'keyValues' | 'final' | 'codeLogits') {
  return (stored: StoredState) => withState(stored, { [part]: stored.state![part].slice(1) });
}

function withState(stored: StoredState, changed: Partial<HistoryState>): StoredState {
  return { ...stored, state: { ...stored.state!, ...changed } };
}

test.each(['prefill', 'beamSearch'] as const)(
  'a state with which %s fails is dropped and made anew, once',
  async (method) => {
    await cameBefore('ada');
    await isolate().append('ada', ['8']);
    const visitor = isolate();
    const failed = new ModelUnavailable('runtime_failed', 'a shape');
    const broken = vi.spyOn(visitor.model, method).mockRejectedValueOnce(failed);
    const list = await visitor.recommend('ada');
    expect(list.cache).toMatchObject({ ...MISS, degraded: true, prefilled_items: 4 });
    expect(listOf(list)).toEqual(listOf(await visitor.fromScratch([...HISTORY, '8'])));
    await visitor.settled();
    expect((await isolate().recommend('ada')).cache).toMatchObject({ status: 'hit', degraded: false });

    // An engine that fails anyway is a 503.
    await visitor.append('ada', ['9']);
    broken.mockRejectedValue(failed);
    await problemOf(
      await visitor.request('GET', '/v1/users/ada/recommendations?k=3'),
      503,
      'model_unavailable',
    );
  },
);

test('the bytes of a state are what it was, for int8 and for float32 models', async () => {
  for (const precision of ['int8', 'float32'] as const) {
    const stored = await storedState([3, 1, 2], new FakeModel({ precision }));
    const unknown = { named: ['界', '"x"'], hashes: Float64Array.of(2 ** 53 - 1, 7) };
    for (const each of [
      stored,
      { ...stored, position: 4_000_000_000, anchor: 3_999_999_999, hadFrom: 1 },
      { ...stored, history: { ...stored.history, had: Int32Array.of(0, 5, 2 ** 31 - 1), unknown } },
      { ...stored, state: null },
    ]) {
      expect(decodeState(encodeState(each))).toEqual(each);
    }
  }
});

test('a state with any byte changed, or two of its words exchanged, is none', async () => {
  for (const items of [[], [3], [3, 1, 2, 7, 11, 4, 5]]) {
    const whole = encodeState(await storedState(items));
    for (let at = 0; at < whole.byteLength; at++) {
      for (const bit of [1, 16, 128]) {
        const bytes = new Uint8Array(whole.slice(0));
        bytes[at] ^= bit;
        expect(decodeState(bytes.buffer), `byte ${at}`).toBeNull();
      }
    }
    for (let at = 4; at < whole.byteLength / 4; at++) {
      const words = new Int32Array(whole.slice(0));
      [words[at - 4], words[at]] = [words[at], words[at - 4]]; // of the same lane
      if (words[at] !== words[at - 4]) expect(decodeState(words.buffer), `word ${at}`).toBeNull();
    }
  }
});

describe('a log that can not be reached', () => {
  const away = () => Promise.reject(new HistoryUnavailable('the object is overloaded'));
  const refusing: HistoryLog = {
    append: away,
    tail: away,
    appendAndTail: away,
    stretch: away,
    page: away,
    serve: away,
    length: away,
    takeBack: away,
    merge: away,
    clear: away,
  };
  const stub = new Proxy({} as DurableObjectStub<UserHistory>, {
    get: () => async () => {
      throw new Error('Network connection lost.');
    },
  });
  const namespace = { getByName: () => stub } as unknown as DurableObjectNamespace<UserHistory>;

  test.each<[string, HistoryLog]>([
    ['a log that says so', refusing],
    ['an object that throws', new DurableLog(namespace)],
  ])('%s: every request of a user is a 503 that says when to come back', async (_, broken) => {
    await cameBefore('ada');
    const visitor = new Visitor({ log: broken, store });
    const items = [{ id: '1' }];
    for (const [method, path, body] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/interactions'],
      ['POST', '/interactions', { items }],
      ['GET', '/recommendations'],
      ['POST', '/recommendations', { items }],
    ] as const) {
      const response = await visitor.request(method, `/v1/users/ada${path}`, body);
      const problem = await problemOf(response, 503, 'history_unavailable');
      expect(response.headers.get('Retry-After')).toBe('1');
      expect(JSON.stringify(problem)).not.toContain('Network');
    }
    // Nothing was deleted of a user whose history may still be there, and others need no log.
    expect(store.values.size).toBe(1);
    expect((await visitor.fromScratch(HISTORY)).items).not.toEqual([]);
    await answersAndHeals({ status: 'hit' });
  });
});

test('without a model interactions are stored, and nobody says which are unknown', async () => {
  const away = () => Promise.reject(new ModelUnavailable('asset_missing', 'weights-0.bin is missing'));
  const { app } = serviceOf(away, { log, store });
  const response = await post(app, { items: [{ id: '5' }, { id: 'x' }] }, '/v1/users/ada/interactions');
  expect(response.status).toBe(201);
  expect(await response.json()).toEqual({ user_id: 'ada', length: 2, unknown_items: null });

  // Told that it is stored or not, the caller can send it again with its key.
  const init = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'visit-1' },
    body: JSON.stringify({ items: [{ id: '6' }] }),
  };
  await problemOf(await app.request('/v1/users/ada/recommendations', init), 503, 'model_unavailable');
  expect((await app.request('/v1/users/ada')).status).toBe(200);
  expect((await app.request('/v1/users/ada', { method: 'DELETE' })).status).toBe(204);
  expect(log.users.size).toBe(0);
});

test('a model that fails while it prefills keeps nothing', async () => {
  const visitor = isolate();
  await visitor.append('ada', HISTORY);
  const failed = new ModelUnavailable('runtime_failed', 'out of memory');
  vi.spyOn(visitor.model, 'prefill').mockRejectedValueOnce(failed);
  const response = await visitor.request('GET', '/v1/users/ada/recommendations');
  await problemOf(response, 503, 'model_unavailable');
  await visitor.settled();
  expect(store.values.size).toBe(0);
  expect((await visitor.recommend('ada')).cache.status).toBe('miss');
});
