/** What is written about requests names no user, no key and no item, whatever becomes of them. */
import { afterEach, expect, test, vi } from 'vitest';
import { MEMORY_MS, StateCache } from '../../worker/cache/state-cache.ts';
import { ModelUnavailable } from '../../worker/engine/errors.ts';
import { HistoryUnavailable } from '../../worker/history/log.ts';
import { Limits } from '../../worker/http/limits.ts';
import { dataPoint } from '../../worker/observe/data-point.ts';
import { MemoryLog, MemoryStore } from './memory.ts';
import { pathOf, Visitor } from './visitor.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const USER = 'jane.roe@mail.example';
const SECRETS = ['jane', 'roe', 'item-of-jane', 'order-17', '198.51.100.7'];

/** Everything that the service writes while the visitor does what a user does. */
async function writtenBy(visitor: Visitor): Promise<string> {
  const lines: string[] = [];
  for (const level of ['log', 'warn', 'error', 'info', 'debug'] as const) {
    vi.spyOn(console, level).mockImplementation((...line) => void lines.push(line.map(String).join(' ')));
  }
  const headers = { 'Idempotency-Key': 'order-17', 'CF-Connecting-IP': '198.51.100.7' };
  const items = [{ id: 'item-of-jane' }, { id: '5' }];
  for (const body of [{ items }, { items: [] }, { items: [{ id: '7' }] }]) {
    await visitor.request('POST', `${pathOf(USER)}/interactions`, body, headers);
    await visitor.request('POST', `${pathOf(USER)}/recommendations`, body);
  }
  await visitor.request('GET', `${pathOf(USER)}/recommendations?exclude=item-of-jane&categories=roe`);
  for (const path of ['', '/interactions', '/recommendations', '/nothing']) {
    await visitor.request('GET', pathOf(USER) + path, undefined, headers);
  }
  await visitor.request('GET', `/v1/items/${USER}`);
  await visitor.request('DELETE', pathOf(USER));
  await visitor.settled();
  const points = visitor.facts.map((facts) => JSON.stringify(dataPoint(facts)));
  return [...lines, ...visitor.facts.map((facts) => JSON.stringify(facts)), ...points].join('\n');
}

test('an isolate forgets states after an hour, also those of users whom another one has deleted', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const shared = { log: new MemoryLog(), store: new MemoryStore() };
  const cache = new StateCache(shared.store);
  const visitor = new Visitor(shared);
  await visitor.append(USER, ['1', '2']);
  await visitor.recommend(USER);
  await visitor.settled();
  const stateId = [...shared.store.values.keys()][0].split('/')[2];
  const stored = (await cache.fetch(USER, stateId))!;
  cache.remember(USER, stored);
  await new Visitor(shared).remove(USER);
  expect(cache.kept(USER, stateId)).toBe(stored); // it is there, though it fits no log
  vi.advanceTimersByTime(MEMORY_MS + 1);
  await scheduler.wait(5); // lru-cache reads the clock once a turn
  cache.remember('another', { ...stored });
  expect(cache.kept(USER, stateId)).toBeUndefined();
});

const away = (cause: unknown) => () => Promise.reject(cause);

test.each<[string, () => Visitor]>([
  ['all is well', () => new Visitor({})],
  [
    'the log is away',
    () => {
      const log = new MemoryLog();
      vi.spyOn(log, 'tail').mockImplementation(away(new HistoryUnavailable('away')));
      vi.spyOn(log, 'append').mockImplementation(away(new HistoryUnavailable('away')));
      return new Visitor({ log });
    },
  ],
  [
    'the code of a log has a bug',
    () => {
      const log = new MemoryLog();
      vi.spyOn(log, 'page').mockImplementation(away(new TypeError('x is not a function')));
      return new Visitor({ log });
    },
  ],
  [
    'the store is away',
    () => {
      const store = new MemoryStore();
      for (const method of ['get', 'put', 'deleteAll'] as const) {
        vi.spyOn(store, method).mockImplementation(away(new Error('KV failed: 503')));
      }
      return new Visitor({ store });
    },
  ],
  [
    'the engine fails',
    () => {
      const visitor = new Visitor({});
      vi.spyOn(visitor.model, 'prefill').mockImplementation(
        away(new ModelUnavailable('runtime_failed', 'out of memory')),
      );
      return visitor;
    },
  ],
  [
    'the limiter fails',
    () => new Visitor({ limits: new Limits(undefined, { limit: away(new Error('no')) }) }),
  ],
])('%s', async (_, make) => {
  const written = await writtenBy(make());
  expect(written).toContain('"route":"/v1/users/:user_id');
  for (const secret of SECRETS) expect(written).not.toContain(secret);
});
