/** The graphs against the slow reference, and the exactness that EARN's serving rests on. */
import { describe, expect, test } from 'vitest';
import {
  type ReferenceOutput,
  referenceItemLogProbs,
  referenceLogits,
  referenceTokens,
  runReference,
} from '../../scripts/build/reference.ts';
import { servingWeights } from '../../scripts/build/weights.ts';
import { arraysOf } from '../../worker/cache/state-codec.ts';
import { firstCodeLayer, firstLocalLayer, slidingLayers } from '../../worker/engine/config.ts';
import type { HistoryState } from '../../worker/engine/decoder.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { loadTiny, loadTinyGpu, TINY, tinyCheckpoint } from '../fixtures/tiny-model.ts';

const random = seededRandom(7);
const history = (length: number) => randomInts(random, length, TINY.items);

/** float32 sums in another order than float64's. */
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-3): void {
  expect(actual.length).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < actual.length; i++) largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
  expect(largest).toBeLessThanOrEqual(tolerance);
}

/** Rows of the layers from..to side by side, as a state stores them. */
function rowsOf({ keyValues }: ReferenceOutput, position: number, from: number, to: number): number[] {
  return keyValues.slice(from, to).flatMap((layer) => [...layer[position]!]);
}

function bytesOf(state: HistoryState): Buffer {
  return Buffer.concat(arraysOf(state).map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength)));
}

/** k, the windows, and the layers of codes where they are not all after k; of four layers. */
const SHAPES = [
  { registerDepth: 1, localWindow: 2 },
  { registerDepth: 2, localWindow: 0 },
  { registerDepth: 2, localWindow: 3 },
  { registerDepth: 4, localWindow: 0 },
  { registerDepth: 1, localWindow: 3, codeLayers: 2 },
  { registerDepth: 2, localWindow: 2, codeLayers: 1 },
  { registerDepth: 4, localWindow: 0, codeLayers: 2 },
  { registerDepth: 2, localWindow: 2, slidingWindow: 4, codeLayers: 1 },
  { registerDepth: 3, localWindow: 1, slidingWindow: 13 },
];

describe.each(SHAPES)(
  'float32 graphs with k = $registerDepth of 4, a local window of $localWindow, a sliding one of $slidingWindow, ' +
    'code layers $codeLayers',
  (shape) => {
    const { registerDepth, localWindow, slidingWindow = 0 } = shape;
    const weights = servingWeights(tinyCheckpoint(shape));
    const first = firstCodeLayer(weights.config);

    test.each([0, 1, 2, 3, 5, 13, 14, 15, 40])(
      'prefill equals the reference, which runs every layer in full (%i items)',
      async (n) => {
        const model = await loadTiny('float32', shape);
        const items = history(n);
        const state = await model.prefill(items);
        const expected = runReference(weights, referenceTokens(weights, items, []));
        const suffixAt = n + 1;
        expectClose(state.final, expected.states[suffixAt]);
        expectClose(state.codeLogits, referenceLogits(weights, expected.states[suffixAt], 0));
        expectClose(
          await model.decoder.score(state),
          referenceItemLogProbs(weights, expected.states[suffixAt]),
        );
        const recent = Array.from(
          { length: Math.min(n, localWindow) + 1 },
          (_, i) => suffixAt - Math.min(n, localWindow) + i,
        );
        expectClose(
          state.localKeyValues,
          recent.flatMap((at) => rowsOf(expected, at, firstLocalLayer(weights.config), TINY.depth)),
        );
        const sliding = slidingLayers(weights.config);
        expectClose(
          state.keyValues,
          items.flatMap((_, i) => rowsOf(expected, i + 1, sliding, registerDepth)),
        );
        const slid = Array.from({ length: Math.min(n, slidingWindow) }, (_, i) => suffixAt - 1 - i).reverse();
        expectClose(
          state.slidingKeyValues,
          slid.flatMap((at) => rowsOf(expected, at, 0, sliding)),
        );
      },
    );

    test.each([1, 21])('decode equals the reference at every level (%i items)', async (n) => {
      const model = await loadTiny('float32', shape);
      const items = history(n);
      const codes = [3, 1];
      const expected = runReference(weights, referenceTokens(weights, items, codes));
      const state = await model.prefill(items);
      let earlier = new Float32Array();
      for (const [level, code] of codes.entries()) {
        const ancestors = [Array.from({ length: level }, (_, row) => row)];
        const step = await model.decoder.decode(state, {
          codes: Int32Array.of(code),
          level,
          ancestors,
          earlier,
        });
        const at = items.length + 2 + level;
        expectClose(step.logits, referenceLogits(weights, expected.states[at], level + 1));
        expectClose(step.keyValues, rowsOf(expected, at, first, TINY.depth));
        earlier = Float32Array.of(...earlier, ...step.keyValues);
      }
    });
  },
);

test('the prefix register sees nothing: its keys and values do not depend on the history', () => {
  const weights = servingWeights(tinyCheckpoint());
  const rows = [history(3), history(30)].map((items) => {
    const { keyValues } = runReference(weights, referenceTokens(weights, items, [1]));
    return keyValues.map((layer) => [...layer[0]!]);
  });
  expect(rows[0]).toEqual(rows[1]);
});

test.each(['float32', 'int8'] as const)(
  'beams that share a history equal beams run one by one (%s)',
  async (precision) => {
    const model = await loadTiny(precision);
    const state = await model.prefill(history(17));
    const first = Int32Array.of(0, 1, 2, 3);
    const none = new Float32Array();
    const together = await model.decoder.decode(state, {
      codes: first,
      level: 0,
      ancestors: [[], [], [], []],
      earlier: none,
    });
    const second = Int32Array.of(3, 0, 2, 1, 1);
    const parents = [2, 2, 0, 3, 1];
    const next = await model.decoder.decode(state, {
      codes: second,
      level: 1,
      ancestors: parents.map((parent) => [parent]),
      earlier: together.keyValues,
    });
    for (const [row, parent] of parents.entries()) {
      const codes = first.slice(parent, parent + 1);
      const alone = await model.decoder.decode(state, { codes, level: 0, ancestors: [[]], earlier: none });
      const [from, to] = [parent * TINY.codebook, (parent + 1) * TINY.codebook];
      expectClose(together.logits.slice(from, to), alone.logits, 1e-4);
      const child = await model.decoder.decode(state, {
        codes: second.slice(row, row + 1),
        level: 1,
        ancestors: [[0]],
        earlier: alone.keyValues,
      });
      expectClose(next.logits.slice(row * TINY.codebook, (row + 1) * TINY.codebook), child.logits, 1e-4);
    }
  },
);

test.each([{}, { slidingWindow: 7 }])(
  'the graphs for WebGPU round as the int8 ones do: the same keys and values, the same list (%o)',
  async (shape) => {
    const [int8, gpu] = [await loadTiny('int8', shape), await loadTinyGpu(shape)];
    for (const length of [0, 1, 17, 40]) {
      const items = history(length);
      const [expected, actual] = [await int8.prefill(items), await gpu.prefill(items)];
      const steps = actual.keyValues.map((value, i) => value - expected.keyValues[i]);
      const other = steps.filter((step) => step !== 0); // off by a step where float sums fell on the other side
      expect(other.every((step) => Math.abs(step) === 1)).toBe(true);
      expect(other.length).toBeLessThanOrEqual(steps.length / 100);
      const options = { k: 10, beam: 20, allowed: int8.catalogue.allowed(items) };
      const lists = [await int8.beamSearch(expected, options), await gpu.beamSearch(actual, options)];
      const [best, theirs] = lists.map((list) => list.map(({ item }) => item));
      expect(theirs.filter((item) => best.includes(item)).length).toBeGreaterThanOrEqual(9);
    }
  },
);

describe('prefill(a + b) is prefill(b on top of prefill(a)), byte for byte in int8', () => {
  test.each(SHAPES)(
    'k = $registerDepth, a local window of $localWindow: every way to cut a history in two',
    async (shape) => {
      const model = await loadTiny('int8', shape);
      const items = history(50);
      const whole = bytesOf(await model.prefill(items));
      for (let cut = 0; cut < items.length; cut++) {
        const warm = await model.prefill(items.slice(cut), await model.prefill(items.slice(0, cut)));
        expect(bytesOf(warm).equals(whole), `cut at ${cut}`).toBe(true);
      }
    },
  );

  test('a history that grows item by item, over every length up to the window', async () => {
    const model = await loadTiny('int8');
    const items = history(TINY.contextWindow);
    let grown = await model.prefill([]);
    for (const [index, item] of items.entries()) {
      grown = await model.prefill([item], grown);
      const cold = await model.prefill(items.slice(0, index + 1));
      expect(bytesOf(grown).equals(bytesOf(cold)), `${index + 1} items`).toBe(true);
    }
  });

  test('a shorter history is a prefix of the bytes of a longer one', async () => {
    const model = await loadTiny('int8');
    const items = history(33);
    const [short, long] = [await model.prefill(items.slice(0, 20)), await model.prefill(items)];
    expect(long.keyValues.slice(0, short.keyValues.length)).toEqual(short.keyValues);
  });
});
