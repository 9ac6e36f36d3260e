/** A new model beside the current one: for those who ask for it, or for a share of the users. */
import { expect, test, vi } from 'vitest';
import { ModelUnavailable } from '../../worker/engine/errors.ts';
import { Live } from '../../worker/live/live.ts';
import { MemoryPublished } from '../../worker/live/memory-published.ts';
import { writeTransitions } from '../../worker/memory/layout.ts';
import { Memory } from '../../worker/memory/memory.ts';
import { Models } from '../../worker/models/rollout.ts';
import { FakeModel, MANIFEST } from './fake-model.ts';
import { copyOf, hostOf, type Json, post, problemOf, serviceOf } from './helpers.ts';
import { MemoryLog, MemoryStore } from './memory.ts';
import { listOf, pathOf, Visitor } from './visitor.ts';

const CURRENT = MANIFEST.id;
const CANDIDATE = FakeModel.later().manifest.id;

/** Isolates of one deployment after another, over the same log and store. */
function deployments() {
  const [log, store] = [new MemoryLog(), new MemoryStore()];
  return {
    store,
    isolate: (share: number, model = new FakeModel(), candidate = FakeModel.later('Heat (1995)')) =>
      new Visitor({ model, log, store, share, loadCandidate: async () => candidate }),
  };
}

const users = Array.from({ length: 200 }, (_, index) => `user-${index}`);

/** Ids of the models that answer the users. */
async function modelsOf(visitor: Visitor): Promise<string[]> {
  const models: string[] = [];
  // One after another: so many at once would not be taken in.
  for (const user of users) models.push((await visitor.recommend(user)).model.id);
  return models;
}

test('a share of the users gets the candidate, always the same ones, and nobody is moved back as it grows', async () => {
  const { isolate } = deployments();
  let before = users.map(() => CURRENT);
  for (const share of [0, 1, 25, 100]) {
    const models = await modelsOf(isolate(share));
    expect(await modelsOf(isolate(share))).toEqual(models);
    const moved = models.filter((id) => id === CANDIDATE).length;
    // Within four standard deviations of the share: the hash is even.
    const deviation = Math.sqrt(users.length * (share / 100) * (1 - share / 100));
    expect(Math.abs(moved - (users.length * share) / 100)).toBeLessThanOrEqual(4 * deviation);
    expect(before.every((id, index) => id === CURRENT || models[index] === CANDIDATE)).toBe(true);
    before = models;
  }
});

test('an isolate loads the candidate once someone needs it', async () => {
  const loadCandidate = vi.fn(async () => FakeModel.later());
  const visitor = new Visitor({ loadCandidate, share: 50 });
  await visitor.fromScratch(['1']);
  expect(loadCandidate).not.toHaveBeenCalled();
  await modelsOf(visitor);
  expect(loadCandidate).toHaveBeenCalledTimes(1);
});

test('X-Model names the model that answers, whatever the share', async () => {
  const { isolate } = deployments();
  for (const share of [0, 100]) {
    const { app } = isolate(share);
    for (const [name, id] of [
      ['current', CURRENT],
      ['candidate', CANDIDATE],
    ]) {
      const headers = { 'X-Model': name };
      const health: Json = await (await app.request('/healthz', { headers })).json();
      expect(health.model.id).toBe(id);
      const list: Json = await (await app.request('/v1/recommendations', { method: 'POST', headers })).json();
      expect(list.model.id).toBe(id);
    }
  }
});

test('a request that is about no user gets the current model', async () => {
  const { app } = deployments().isolate(100);
  const list: Json = await (await post(app, { history: ['1'] })).json();
  expect(list.model.id).toBe(CURRENT);
});

test('a name that no model has is refused, before anything is stored', async () => {
  const { isolate } = deployments();
  const visitor = isolate(0);
  const headers = { 'X-Model': 'best' };
  const body = { items: [{ id: '1' }] };
  for (const [method, path] of [
    ['GET', '/v1/items'],
    ['POST', `${pathOf('ada')}/recommendations`],
    ['POST', `${pathOf('ada')}/interactions`],
  ]) {
    const response = await visitor.request(method, path, method === 'POST' ? body : undefined, headers);
    const { errors } = await problemOf(response, 422, 'invalid_request');
    expect(errors).toEqual([{ path: 'header/x-model', message: 'Neither current nor candidate' }]);
  }
  expect(await visitor.interactions('ada')).toEqual([]);
});

test('rolled out and back: each model goes on from its own states, and every list is what its model says', async () => {
  const { isolate, store } = deployments();
  const history: string[] = [];
  for (const [share, id, status] of [
    [0, CURRENT, 'miss'],
    [100, CANDIDATE, 'miss'],
    [0, CURRENT, 'extended'],
    [100, CANDIDATE, 'extended'],
  ] as const) {
    const visitor = isolate(share);
    history.push(String(history.length + 1));
    await visitor.append('ada', history.slice(-1));
    const list = await visitor.recommend('ada');
    expect(list).toMatchObject({ model: { id }, cache: { status } });
    const model = id === CURRENT ? new FakeModel() : FakeModel.later('Heat (1995)');
    expect(listOf(list)).toEqual(listOf(await new Visitor({ model }).fromScratch(history)));
    await visitor.settled();
  }
  expect(store.values.size).toBe(2);
});

test('models of the same states keep their lists apart', async () => {
  const options = { newest: 20, decay: 0.5, smoothing: 0.001, weights: [3] };
  const rows: [number, number][][] = Array.from({ length: 12 }, () => []);
  rows[0] = [[7, 1]];
  const memory = new Memory(writeTransitions(rows), 12, options);
  const candidate = new FakeModel({ id: CANDIDATE, stateId: CURRENT, memory });
  const visitor = new Visitor({ model: new FakeModel(), loadCandidate: async () => candidate });
  await visitor.append('ada', ['1']);
  const path = `${pathOf('ada')}/recommendations?ranker=latent&k=3`;
  const ask = async (name: string): Promise<Json> =>
    (await visitor.request('GET', path, undefined, { 'X-Model': name })).json();
  const first = await ask('current');
  const second = await ask('candidate');
  expect(second.cache.status).toBe('hit');
  expect(first.items[0]).toMatchObject({ id: '2' });
  expect(second.items[0]).toMatchObject({ id: '8', because: ['1'] });
  expect(await ask('current')).toMatchObject({ items: first.items });
});

test('the candidate knows films that the current model does not', async () => {
  const { isolate } = deployments();
  expect(await isolate(0).append('ada', ['13'])).toMatchObject({ unknown_items: ['13'] });
  expect(await isolate(100).append('ada', ['13'])).toMatchObject({ unknown_items: [] });
});

test('forgetting a user reaches the states of both models, also those that the store does not list yet', async () => {
  const { isolate, store } = deployments();
  const asked: string[] = [];
  const noneListed = async (_prefix: string, known: Iterable<string>) => void asked.push(...known);
  Object.assign(store, { deleteAll: noneListed });
  await isolate(0).remove('ada');
  expect(asked.map((key) => key.split('/').at(-1))).toEqual([CURRENT, CANDIDATE]);
});

test('a candidate that can not be loaded costs its users nothing, and says so to those who ask for it', async () => {
  const loadCandidate = () => Promise.reject(new ModelUnavailable('asset_damaged', 'decode.onnx is damaged'));
  const visitor = new Visitor({ loadCandidate, share: 100 });
  await visitor.append('ada', ['1']);
  expect((await visitor.recommend('ada')).model.id).toBe(CURRENT);
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const headers = { 'X-Model': 'candidate' };
  const response = await visitor.request('GET', '/healthz', undefined, headers);
  expect(await problemOf(response, 503, 'model_unavailable')).toMatchObject({ reason: 'asset_damaged' });
  vi.restoreAllMocks();
});

test('without the candidate’s files, whoever asks for it hears that they are missing', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const { app } = serviceOf(async () => new FakeModel());
  const response = await app.request('/v1/items', { headers: { 'X-Model': 'candidate' } });
  expect(await problemOf(response, 503, 'model_unavailable')).toMatchObject({ reason: 'asset_missing' });
  vi.restoreAllMocks();
});

test.each([-1, 101, Number.NaN, Number('half')])('a share of %s %% stops the deployment', (share) => {
  const host = hostOf(async () => new FakeModel());
  expect(
    () => new Models({ current: host, candidate: host }, new Live(copyOf(), new MemoryPublished()), share),
  ).toThrow(RangeError);
});
