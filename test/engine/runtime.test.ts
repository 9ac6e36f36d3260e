import { expect, test, vi } from 'vitest';
import { Graph, Weights } from '../../scripts/build/graph.ts';
import { testRuntime } from '../fixtures/tiny-model.ts';

test('the runtime starts with a graph that does nothing, as the builder writes it', async () => {
  const graph = new Graph('empty', new Weights());
  graph.output(graph.input('input', 'float32', [1]), 'output', 'float32', [1]);
  const create = vi.spyOn(testRuntime, 'createSession');
  await testRuntime.start();
  expect(create.mock.calls[0][0]).toEqual(new Uint8Array(graph.encode()));
});
