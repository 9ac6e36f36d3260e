/** Whether users can be served, as a monitor asks. */
import { afterEach, expect, test, vi } from 'vitest';
import { ModelUnavailable } from '../../worker/engine/errors.ts';
import { HistoryUnavailable } from '../../worker/history/log.ts';
import { problemOf, serviceOf } from './helpers.ts';
import { MemoryLog, MemoryStore } from './memory.ts';
import { Visitor } from './visitor.ts';

afterEach(() => vi.restoreAllMocks());

test('all is there, and asking leaves nothing behind', async () => {
  const [log, store] = [new MemoryLog(), new MemoryStore()];
  const response = await new Visitor({ log, store }).request('GET', '/v1/ready');
  expect(await response.json()).toEqual({ status: 'ok', states: 'ok' });
  expect([log.users.size, store.values.size]).toEqual([0, 0]);
});

test('without the store it is degraded, without a log or a model a 503', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const store = new MemoryStore();
  vi.spyOn(store, 'get').mockRejectedValue(new Error('KV GET failed: 503'));
  const degraded = await new Visitor({ store }).request('GET', '/v1/ready');
  expect(await degraded.json()).toEqual({ status: 'degraded', states: 'unavailable' });

  const log = new MemoryLog();
  vi.spyOn(log, 'length').mockRejectedValue(new HistoryUnavailable('away'));
  await problemOf(await new Visitor({ log }).request('GET', '/v1/ready'), 503, 'history_unavailable');

  const { app } = serviceOf(() => Promise.reject(new ModelUnavailable('asset_missing', 'no model')));
  await problemOf(await app.request('/v1/ready'), 503, 'model_unavailable');
});
