/** What int8 costs: each part of a state, and the scores, against the same weights in float32. */
import { expect, test } from 'vitest';
import { buildModel } from '../../scripts/build/build-model.ts';
import { memorySource } from '../../scripts/node-model.ts';
import type { Precision } from '../../worker/engine/config.ts';
import { loadModel } from '../../worker/models/model.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { TINY, testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

/**
 * Largest mean relative errors. Random weights carry errors on more than trained ones; a wrong scale is 30 %
 * off and more.
 */
const TOLERANCE = { row: 0.01, keyValues: 0.06, localKeyValues: 0.12, final: 0.13, itemLogProbs: 0.06 };
const HISTORIES = 40;

/** |a - b| / |b|. */
function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    size += b[i] ** 2;
  }
  return Math.sqrt(difference / size);
}

function load(precision: Precision, seed: number) {
  const checkpoint = tinyCheckpoint({}, seed);
  // Ranges as calibration leaves them: wide enough for every value.
  for (const range of Object.values(checkpoint.activations)) for (const i of range.keys()) range[i] *= 2;
  return loadModel(memorySource(buildModel(checkpoint, 'tiny', precision).files), testRuntime);
}

test.each([1, 2, 3])(
  'int8 states and scores are close to those in float32 (weights of seed %i)',
  async (seed) => {
    const [int8, float32] = [await load('int8', seed), await load('float32', seed)];
    const random = seededRandom(seed);
    const means = { row: 0, keyValues: 0, localKeyValues: 0, final: 0, itemLogProbs: 0 };
    for (let round = 1; round <= HISTORIES; round++) {
      const history = randomInts(random, 2 * round, TINY.items);
      const [actual, expected] = [await int8.prefill(history), await float32.prefill(history)];
      const [a, b] = [int8, float32].map((model) => model.itemTable().rows(history));
      const errors = {
        row: relativeError(a, b),
        keyValues: relativeError(actual.keyValues, expected.keyValues),
        localKeyValues: relativeError(actual.localKeyValues, expected.localKeyValues),
        final: relativeError(actual.final, expected.final),
        itemLogProbs: relativeError(await int8.itemLogProbs(actual), await float32.itemLogProbs(expected)),
      };
      for (const name of Object.keys(means) as (keyof typeof means)[])
        means[name] += errors[name] / HISTORIES;
    }
    for (const name of Object.keys(means) as (keyof typeof means)[]) {
      expect(means[name], name).toBeGreaterThan(0);
      expect(means[name], name).toBeLessThan(TOLERANCE[name]);
    }
  },
);
