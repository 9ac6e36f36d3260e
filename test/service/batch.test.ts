/** Many histories in one request: each is answered as it would be alone. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ModelUnavailable } from '../../worker/engine/errors.ts';
import { fakeService, type Json, listed, post, problemOf } from './helpers.ts';

const PATH = '/v1/recommendations:batch';

let logged: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  logged = vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function batch(service: ReturnType<typeof fakeService>, requests: unknown[]): Promise<Json[]> {
  const response = await post(service.app, { requests }, PATH);
  const body: Json = await response.json();
  expect(response.status, JSON.stringify(body)).toBe(200);
  return body.results;
}

const alone = async (request: unknown): Promise<Json> => (await post(fakeService().app, request)).json();

test('32 requests with options of their own, in their order', async () => {
  const requests = Array.from({ length: 32 }, (_, index) => ({
    ...(index % 8 !== 0 && {
      history: [String(1 + (index % 12)), String(1 + (index % 5)), `unknown-${index}`],
    }),
    k: 1 + (index % 4),
    offset: index % 3,
    ...(index % 2 === 0 && { categories: ['Comedy', 'Western'] }),
    ...(index % 5 === 0 && { exclude: ['4'], include_seen: true }),
  }));
  const results = await batch(fakeService(), requests);
  expect(results).toHaveLength(32);
  for (const [index, request] of requests.entries()) {
    expect(listed(results[index])).toEqual(listed(await alone(request)));
  }
  expect(new Set(results.map(({ source }) => source))).toEqual(new Set(['model', 'popular']));
});

test.each<[unknown, string]>([
  [{}, '/requests'],
  [{ requests: [] }, '/requests'],
  [{ requests: Array(33).fill({}) }, '/requests'],
  [{ requests: [{}, null] }, '/requests/1'],
  [{ requests: [{}, {}, { k: 0 }] }, '/requests/2/k'],
  [{ requests: [{ history: ['1', ''] }] }, '/requests/0/history/1'],
  [{ requests: [{}, { k: 60, offset: 101 }] }, '/requests/1/offset'],
  [{ requests: [{}, { categories: ['Comedy', 'Romance'] }] }, '/requests/1/categories/1'],
  [{ requests: [{}], k: 5 }, '/k'],
])('%.60j is a 422 that says where, and nothing is computed', async (body, path) => {
  const service = fakeService();
  const { errors } = await problemOf(await post(service.app, body, PATH), 422, 'invalid_request');
  expect(errors[0]).toEqual({ path, message: expect.any(String) });
  expect(service.model.prefills).toEqual([]);
});

test('a failure of the engine takes the place of its own list alone', async () => {
  const service = fakeService();
  const { model } = service;
  const requests = ['1', '2', '3', '4'].map((id) => ({ history: [id], k: 2 }));
  const failed = new ModelUnavailable('runtime_failed', 'out of memory');
  const prefill = model.prefill.bind(model);
  model.prefill = (items, past) => (items[0] === 1 ? Promise.reject(failed) : prefill(items, past));
  const results = await batch(service, requests);
  for (const index of [0, 2, 3]) {
    expect(listed(results[index])).toEqual(listed(await alone(requests[index])));
  }
  expect(results[1]).toEqual({
    type: '/problems/model_unavailable',
    title: expect.any(String),
    status: 503,
    detail: 'The engine failed',
    code: 'model_unavailable',
    reason: 'runtime_failed',
    errors: [],
    request_id: expect.any(String),
  });
  expect(logged).toHaveBeenCalledTimes(1);
  expect(JSON.parse(logged.mock.calls[0][0])).toMatchObject({ index: 1, message: 'out of memory' });
});

test('any other failure is no answer', async () => {
  const service = fakeService();
  service.model.prefill = () => Promise.reject(new Error('a mistake of ours'));
  await problemOf(await post(service.app, { requests: [{ history: ['1'] }] }, PATH), 500, 'internal');
});
