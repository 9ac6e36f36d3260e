import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ModelUnavailable } from '../../worker/engine/errors.ts';
import { RETRY_AFTER_MS } from '../../worker/models/host.ts';
import type { Model } from '../../worker/models/model.ts';
import { FakeModel, MANIFEST } from './fake-model.ts';
import { hostOf, type Json, problemOf, serviceOf } from './helpers.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const missing = () => Promise.reject(new ModelUnavailable('asset_missing', 'weights-0.bin is missing'));

test('requests that come together share one load, later ones its model', async () => {
  const load = vi.fn(async () => new FakeModel());
  const host = hostOf(load);
  expect(load).not.toHaveBeenCalled();
  const [a, b] = await Promise.all([host.model(), host.model()]);
  expect(b).toBe(a);
  vi.advanceTimersByTime(60_000);
  expect(await host.model()).toBe(a);
  expect(load).toHaveBeenCalledTimes(1);
});

test('a failed load is tried again after a pause, not before', async () => {
  const load = vi.fn<() => Promise<Model>>(missing);
  const host = hostOf(load);
  await expect(host.model()).rejects.toThrow('weights-0.bin is missing');
  await expect(host.model()).rejects.toThrow(ModelUnavailable);
  expect(load).toHaveBeenCalledTimes(1);
  load.mockImplementation(async () => new FakeModel());
  vi.advanceTimersByTime(RETRY_AFTER_MS);
  expect(await host.model()).toBeInstanceOf(FakeModel);
  expect(load).toHaveBeenCalledTimes(2);
});

test('a load that never ends does not block the isolate for ever, nor those who wait for it', async () => {
  const load = vi.fn<() => Promise<Model>>(() => new Promise(() => {}));
  const host = hostOf(load);
  void host.model();
  const waiting = host.model();
  load.mockImplementation(async () => new FakeModel());
  vi.advanceTimersByTime(30_000);
  expect(await host.model()).toBeInstanceOf(FakeModel);
  expect(await waiting).toBeInstanceOf(FakeModel);
  expect(load).toHaveBeenCalledTimes(2);
});

test('an unexpected error of the load counts as an unavailable model', async () => {
  const host = hostOf(() => Promise.reject(new TypeError('no network')));
  await expect(host.model()).rejects.toMatchObject({ name: 'ModelUnavailable', reason: 'runtime_failed' });
});

test('the service is healthy once the model is loaded', async () => {
  const app = serviceOf(async () => new FakeModel()).app;
  const response = await app.request('/healthz');
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    status: 'ok',
    model: { id: MANIFEST.id, name: 'twelve-films', noun: 'film', items: 12, precision: 'int8' },
  });
});

test.each([
  ['GET', '/healthz'],
  ['GET', '/v1/items'],
  ['GET', '/v1/items/1'],
  ['GET', '/v1/items/1/similar'],
  ['GET', '/v1/categories'],
  ['POST', '/v1/recommendations'],
])('without a model %s %s says why and when to come back', async (method, path) => {
  const response = await serviceOf(missing).app.request(path, { method });
  const { reason, detail } = await problemOf(response, 503, 'model_unavailable');
  expect({ reason, detail }).toEqual({ reason: 'asset_missing', detail: 'weights-0.bin is missing' });
  expect(response.headers.get('Retry-After')).toBe('1');
});

test('an unexpected error tells the caller nothing and the log everything', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const model = new FakeModel();
  model.prefill = () => Promise.reject(new Error('secret detail'));
  const app = serviceOf(async () => model).app;
  const headers = { 'X-Request-Id': 'request-1', 'Content-Type': 'application/json' };
  const init = { method: 'POST', headers, body: '{"history": ["1"]}' };
  const response = await app.request('/v1/recommendations', init);
  const body = await problemOf(response, 500, 'internal');
  expect(JSON.stringify(body)).not.toContain('secret');
  const line: Json = JSON.parse(log.mock.calls[0][0]);
  expect(line).toMatchObject({ level: 'error', request_id: 'request-1', message: 'secret detail' });
});
