/** How yardsticks' scores become lists, and how validation chooses their settings. */
import { expect, test } from 'vitest';
import { invertPositiveDefinite } from '../../scripts/evaluate/yardsticks/invert.ts';
import { popular } from '../../scripts/evaluate/yardsticks/popular.ts';
import { byPopularity } from '../../scripts/evaluate/yardsticks/training-log.ts';
import { fitAll, listsBy, tune } from '../../scripts/evaluate/yardsticks/tune.ts';
import type { Yardstick } from '../../scripts/evaluate/yardsticks/yardstick.ts';
import { SILENT } from '../../scripts/progress.ts';
import { randomNormal, seededRandom } from '../fixtures/random.ts';

/** Item 2 is the most popular, then 0 and 1 alike, then 3 and 4, which nobody took. */
const LOG = { histories: [Int32Array.of(2, 0), Int32Array.of(2, 1)], items: 5 };
const everything = (): Uint8Array => new Uint8Array(LOG.items).fill(1);

test('equal scores are ordered by popularity, then as in the catalogue', () => {
  const order = byPopularity(LOG);
  expect([...order]).toEqual([2, 0, 1, 3, 4]);
  const list = listsBy((_, scores) => scores.set([0, 0, 0, 7, 0]), order);
  expect(list([], everything())).toEqual([3, 2, 0, 1, 4]);
});

test('a list has only what is allowed, and never what a history before left behind', () => {
  const list = listsBy((history, scores) => {
    scores[history[0]] += 1;
  }, byPopularity(LOG));
  expect(list([4], Uint8Array.of(1, 1, 0, 1, 1))).toEqual([4, 0, 1, 3]);
  expect(list([3], everything())).toEqual([3, 2, 0, 1, 4]);
});

/** Puts the item `first` on top. */
const stubborn: Yardstick = {
  grid: [{ first: 0 }, { first: 3 }, { first: 4 }],
  fit: () => (settings) => (_, scores) => {
    scores[settings.first] = 1;
  },
};

test('the settings of the highest NDCG@10 on validation are taken', () => {
  const validation = [3, 3, 4].map((target) => ({ history: Int32Array.of(0), target, allowed: everything }));
  const tuned = tune(stubborn, LOG, validation);
  expect(tuned.settings).toEqual({ first: 3 });
  // Twice the first place, once the last of five: (1 + 1 + 1 / log2(6)) / 3.
  expect(tuned.validation).toBe(0.79562);
  expect(tuned.list([], everything())[0]).toBe(3);
});

test('validation hides what the service would hide', () => {
  const withoutThree = () => Uint8Array.of(1, 1, 1, 0, 1);
  const validation = [{ history: Int32Array.of(3), target: 3, allowed: withoutThree }];
  expect(tune(stubborn, LOG, validation).validation).toBe(0);
});

test('without validation cases the first settings are taken', () => {
  expect(tune(stubborn, LOG, []).settings).toEqual({ first: 0 });
});

test('a yardstick that the catalogue is too large for is left out, and said to be', () => {
  const said: string[] = [];
  const small = { ...stubborn, maxItems: 2 };
  const fitted = fitAll(
    { log: LOG, validation: [] },
    { say: (line) => said.push(line), stage: () => SILENT },
    { stubborn, small },
  );
  expect([...fitted.keys()]).toEqual(['stubborn']);
  // Items 0, 1 and 2 occur; 3 and 4 don't count.
  expect(said[1]).toBe('small: left out, 3 items are more than 2');
});

test('settings chosen on the training part are fitted to the whole in the end', () => {
  const newest = { ...LOG, histories: [...LOG.histories, Int32Array.of(4, 4, 4, 4, 4)] };
  const quiet = { say: () => {}, stage: () => SILENT };
  const best = (whole?: typeof LOG) =>
    fitAll({ log: LOG, validation: [], whole }, quiet, { popular }).get('popular')!.list([], everything())[0];
  expect([best(), best(newest)]).toEqual([2, 4]);
});

test.each([1, 64, 150])('a %i x %i matrix times its inverse is the identity', (size) => {
  const random = seededRandom(size);
  const factor = Float64Array.from({ length: size * size }, () => randomNormal(random, 1));
  const dot = (a: Float64Array, i: number, b: Float64Array, j: number) => {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += a[i * size + k] * b[j * size + k];
    return sum;
  };
  // F F' + I is symmetric and positive definite, and so is its inverse.
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) matrix[i * size + j] = dot(factor, i, factor, j) + (i === j ? 1 : 0);
  }
  const inverse = invertPositiveDefinite(matrix, size);
  let error = 0;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      error = Math.max(error, Math.abs(dot(matrix, i, inverse, j) - (i === j ? 1 : 0)));
    }
  }
  expect(error).toBeLessThan(1e-9);
});
