/** The ranker that counts: the memory's list, without the decoder. */
import { expect, test } from 'vitest';
import { writeTransitions } from '../../worker/memory/layout.ts';
import { Memory } from '../../worker/memory/memory.ts';
import { FakeModel } from './fake-model.ts';
import { type Json, post, problemOf, serviceOf } from './helpers.ts';
import { pathOf, Visitor } from './visitor.ts';

/** After the film 1 comes 8 mostly, then 12; after 2 comes 12. */
function remembering(): FakeModel {
  const rows: [number, number][][] = Array.from({ length: 12 }, () => []);
  rows[0] = [
    [7, 0.5],
    [11, 0.25],
  ];
  rows[1] = [[11, 0.5]];
  const options = { newest: 20, decay: 0.5, smoothing: 0.01, weights: [1] };
  return new FakeModel({ memory: new Memory(writeTransitions(rows), 12, options) });
}

test('what followed the history comes first and says because of what; popular items fill the list', async () => {
  const model = remembering();
  const { app } = serviceOf(async () => model);
  const list: Json = await (await post(app, { history: ['1', '2'], ranker: 'counts', k: 12 })).json();
  expect(list).toMatchObject({ source: 'model', cache: { prefilled_items: 0 } });
  expect(list.items.map(({ id }: Json) => id)).toEqual(['12', '8', '3', '10', '5', '7', '9', '4', '11', '6']);
  expect(list.items.map(({ because }: Json) => because)).toEqual([['2', '1'], ['1'], ...Array(8)]);
  expect(model.prefills).toEqual([]);
  const all: Json = await (
    await post(app, { history: ['1', '2'], ranker: 'counts', k: 12, include_seen: true })
  ).json();
  const probabilities = all.items.map(({ score }: Json) => Math.exp(score));
  expect(probabilities.reduce((sum: number, each: number) => sum + each, 0)).toBeCloseTo(1, 9);
});

test('a history after which nothing was counted gets the popular items', async () => {
  const { app } = serviceOf(async () => remembering());
  const list: Json = await (await post(app, { history: ['3'], ranker: 'counts', k: 3 })).json();
  expect(list.items.map(({ id }: Json) => id)).toEqual(['8', '10', '5']);
  expect(list.items.every((item: Json) => !('because' in item))).toBe(true);
});

test('a model without a memory says what it has instead, before anything is stored', async () => {
  const visitor = new Visitor({ model: new FakeModel() });
  const message = 'This model has no such ranker, it has latent, beam, hybrid, trending, popular, similar';
  const alone = await post(visitor.app, { history: ['1'], ranker: 'counts' });
  expect((await problemOf(alone, 422, 'invalid_request')).errors).toEqual([{ path: '/ranker', message }]);
  const path = `${pathOf('ada')}/recommendations`;
  const read = await visitor.request('GET', `${path}?ranker=counts`);
  expect((await problemOf(read, 422, 'invalid_request')).errors).toEqual([{ path: 'query/ranker', message }]);
  const append = await visitor.request('POST', path, { items: [{ id: '1' }], ranker: 'counts' });
  expect((await problemOf(append, 422, 'invalid_request')).errors).toEqual([{ path: '/ranker', message }]);
  expect(await visitor.interactions('ada')).toEqual([]);
});
