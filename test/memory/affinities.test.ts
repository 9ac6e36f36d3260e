/** The memory of affinities against its definition, its file, and its part in the mixture. */
import { expect, test } from 'vitest';
import { Affinities, type AffinityOptions } from '../../worker/memory/affinities.ts';
import { readAffinities, writeAffinities } from '../../worker/memory/affinity-layout.ts';
import { writeTransitions } from '../../worker/memory/layout.ts';
import { NO_ROWS } from '../../worker/memory/live-rows.ts';
import { Memory } from '../../worker/memory/memory.ts';
import { mixed, reasons } from '../../worker/memory/mixture.ts';
import { sparseSums } from '../../worker/memory/sparse.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { boostsOf } from './reference.ts';

const ITEMS = 30;
const OPTIONS: AffinityOptions = { newest: 5, decay: 0.9, weights: [0, 1, 2] };
const random = seededRandom(11);

/** Steps of a thousandth, of either sign; the largest of each row is 127 steps, so that none is rounded. */
const matrix = Array.from({ length: ITEMS }, (_, item) =>
  Array.from({ length: ITEMS }, (_, other) => {
    if (other === item || random() < 0.5) return 0;
    return other === (item + 1) % ITEMS ? 0.127 : (Math.floor(255 * random()) - 127) / 1000;
  }),
);
for (const [item, row] of matrix.entries()) row[(item + 1) % ITEMS] = 0.127;
const file = writeAffinities(matrix.map((row) => [...row.entries()].filter(([, weight]) => weight !== 0)));
const affinities = new Affinities(file, ITEMS, OPTIONS);
const histories = [1, 2, 4, 9, 40].flatMap((length) =>
  Array.from({ length: 4 }, () => randomInts(random, length, ITEMS)),
);

function denseSums(history: readonly number[]): number[] {
  const newest = [...new Set(history.toReversed())].slice(0, OPTIONS.newest);
  return matrix.map((_, other) =>
    newest.reduce((sum, item, place) => sum + OPTIONS.decay ** place * matrix[item][other], 0),
  );
}

function sumsOf(history: readonly number[]): number[] {
  const sums = sparseSums(ITEMS);
  affinities.addTo(sums, history, 1);
  const dense = new Array(ITEMS).fill(0);
  const { items, values } = sums.take();
  for (const [i, item] of items.entries()) dense[item] = values[i];
  return dense;
}

/** Beside a memory in which nothing followed anything. */
const memory = new Memory(
  writeTransitions(matrix.map(() => [])),
  ITEMS,
  { newest: 20, decay: 1, smoothing: 0.1, weights: [1] },
  { affinities },
);

test('sums are over the newest different items, each weighing less than the one after it', () => {
  for (const history of histories) {
    for (const [item, sum] of denseSums(history).entries()) expect(sumsOf(history)[item]).toBeCloseTo(sum, 6);
  }
});

test('affinities multiply the probability of an item, and all probabilities still sum to one', () => {
  for (const history of histories) {
    const logProbs = new Float32Array(ITEMS).fill(-Math.log(ITEMS));
    const weight = affinities.weight(history.length);
    const factors = denseSums(history).map((sum) => Math.exp(weight * sum));
    const z = factors.reduce((sum, factor) => sum + factor, 0);
    const probabilities = [...mixed(logProbs, memory, history)].map(Math.exp);
    for (const [item, factor] of factors.entries()) expect(probabilities[item]).toBeCloseTo(factor / z, 5);
  }
});

test('because names what goes with an item, the strongest first, and nothing that speaks against it', () => {
  for (const history of histories.filter(({ length }) => length > 1)) {
    for (let item = 0; item < ITEMS; item++) {
      const newest = [...new Set(history.toReversed())].slice(0, OPTIONS.newest);
      const shares = newest.map((reason, place) => OPTIONS.decay ** place * matrix[reason][item]);
      const expected = newest
        .map((reason, place) => ({ reason, share: shares[place] }))
        .filter(({ share }) => share > 0)
        .sort((a, b) => b.share - a.share);
      const [found] = reasons(memory, history, [item], 3);
      expect(found).toHaveLength(Math.min(3, expected.length));
      const shareOf = (reason: number) => shares[newest.indexOf(reason)];
      for (const [place, reason] of found.entries())
        expect(shareOf(reason)).toBeCloseTo(expected[place].share, 6);
    }
  }
  expect(reasons(memory, [0, 1], [2], 3, 'transitions')).toEqual([[]]);
});

test('where they weigh nothing they change nothing', () => {
  expect(boostsOf(memory, [3]).items).toHaveLength(0); // the weight after one item is 0
});

test('an item that came after the training has no affinities yet', () => {
  const extended = memory.extended(ITEMS + 2, NO_ROWS);
  expect(boostsOf(extended, [ITEMS + 1, 4, 5])).toEqual(boostsOf(memory, [4, 4, 5]));
  expect(reasons(extended, [ITEMS + 1, 4], [5, ITEMS + 1], 3)).toEqual([[4], []]);
});

test('weights are kept to half a step of the largest of their row, also in a catalogue of 70,000', () => {
  const rows = Array.from({ length: 70_000 }, (): [number, number][] => []);
  rows[69_999] = [
    [3, 0.3],
    [69_998, -0.0123],
  ];
  const { starts, items, weights, scales } = readAffinities(writeAffinities(rows), rows.length);
  expect([...items]).toEqual([3, 69_998]);
  expect(starts[69_999]).toBe(0);
  expect(weights[0] * scales[69_999]).toBeCloseTo(0.3, 6);
  expect(Math.abs(weights[1] * scales[69_999] + 0.0123)).toBeLessThanOrEqual(0.3 / 127 / 2);
});

test('a file of another size is refused', () => {
  expect(() => new Affinities(file.slice(0, -1), ITEMS, OPTIONS)).toThrow(RangeError);
  expect(() => new Affinities(file.slice(0, 60), ITEMS, OPTIONS)).toThrow('too short for 30 items');
});
