/** The usual way, which the bench compares with, is the same decoder: it gives the engine's list. */
import { describe, expect, test } from 'vitest';
import { dynamicProduct, floatProduct, type Product } from '../../scripts/bench/peers/products.ts';
import { UsualDecoder } from '../../scripts/bench/peers/usual.ts';
import { usualGraph } from '../../scripts/bench/peers/usual-graph.ts';
import { Weights } from '../../scripts/build/graph.ts';
import { WEIGHTS_FILE } from '../../worker/engine/config.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { loadTiny, TINY, testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

const withoutEarn = { registerDepth: TINY.depth, localWindow: 0 };
const full = await loadTiny('float32', withoutEarn);
const random = seededRandom(3);
const histories = [0, 1, 2, 15, 40, TINY.contextWindow].map((length) =>
  randomInts(random, length, TINY.items),
);

async function usual(product: Product): Promise<UsualDecoder> {
  const store = new Weights();
  const graph = usualGraph(tinyCheckpoint(withoutEarn), product, store);
  const session = await testRuntime.createSession(graph, { [WEIGHTS_FILE]: store.bytes() });
  return new UsualDecoder(session, full.manifest.config, full.trie!);
}

describe.each([
  { k: 10, beam: 20 },
  { k: 3, beam: 4 }, // narrower than the trie, so that it matters which beams go on
])('%o', (options) => {
  test('in float32 the list and its scores are those of the engine without EARN', async () => {
    const decoder = await usual(floatProduct);
    for (const history of histories) {
      const request = { ...options, allowed: full.catalogue.allowed(history) };
      const expected = await full.beamSearch(await full.prefill(history), request);
      const list = await decoder.search(await decoder.prompt(history), request);
      expect(list.map(({ item }) => item)).toEqual(expected.map(({ item }) => item));
      for (const [place, { score }] of list.entries()) expect(score).toBeCloseTo(expected[place].score, 3);
    }
  });
});

test('quantized it gives nearly the same list', async () => {
  const [exact, quantized] = [await usual(floatProduct), await usual(dynamicProduct)];
  for (const history of histories) {
    const request = { k: 10, beam: 20, allowed: full.catalogue.allowed(history) };
    const expected = await exact.search(await exact.prompt(history), request);
    const list = await quantized.search(await quantized.prompt(history), request);
    const found = list.filter(({ item }) => expected.some((other) => other.item === item));
    expect(list).toHaveLength(expected.length);
    expect(found.length).toBeGreaterThanOrEqual(0.9 * expected.length);
    expect(list).not.toEqual(expected); // it is another arithmetic
  }
});
