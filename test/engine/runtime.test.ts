import { expect, test, vi } from 'vitest';
import { buildModel } from '../../scripts/build/build-model.ts';
import { Graph, Weights } from '../../scripts/build/graph.ts';
import { memorySource } from '../../scripts/node-model.ts';
import { LaterSession, type Session } from '../../worker/engine/runtime.ts';
import { loadModel } from '../../worker/models/model.ts';
import { testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

test('the runtime starts with a graph that does nothing, as the builder writes it', async () => {
  const graph = new Graph('empty', new Weights());
  graph.output(graph.input('input', 'float32', [1]), 'output', 'float32', [1]);
  const create = vi.spyOn(testRuntime, 'createSession');
  await testRuntime.start();
  expect(create.mock.calls[0][0]).toEqual(new Uint8Array(graph.encode()));
  create.mockRestore();
});

test.each([
  ['latent', 2, 3],
  ['beam', 3, 3],
] as const)(
  'a model whose ranker is %s has %i sessions when it is loaded, and %i once it searched',
  async (ranker, loaded, searched) => {
    const create = vi.spyOn(testRuntime, 'createSession');
    const { files } = buildModel({ ...tinyCheckpoint(), ranker }, 'tiny', 'int8');
    const model = await loadModel(memorySource(files), testRuntime);
    expect(create).toHaveBeenCalledTimes(loaded);
    const state = await model.prefill([1, 2, 3]);
    await model.itemLogProbs(state);
    expect(create).toHaveBeenCalledTimes(loaded);
    const options = { k: 3, beam: 4, allowed: model.catalogue.allowed() };
    for (let again = 0; again < 2; again++) expect(await model.beamSearch(state, options)).toHaveLength(3);
    expect(create).toHaveBeenCalledTimes(searched);
    await model.decoder.release();
    create.mockRestore();
  },
);

test('a session that could not be made is made by the next one who asks', async () => {
  const session = {} as Session;
  const make = vi.fn(async () => session).mockRejectedValueOnce(new Error('no memory'));
  const later = new LaterSession(make);
  await expect(Promise.all([later.get(), later.get()])).rejects.toThrow('no memory');
  expect(await Promise.all([later.get(), later.get()])).toEqual([session, session]);
  expect(make).toHaveBeenCalledTimes(2);
});
