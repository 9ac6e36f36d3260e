/** The memory of transitions against its definition, and its file. */
import { expect, test } from 'vitest';
import {
  byteOf,
  fileBytes,
  LARGEST_ERROR,
  LEAST_PROBABILITY,
  probabilityOf,
  readTransitions,
  writeTransitions,
} from '../../worker/memory/layout.ts';
import { Memory, type MemoryOptions } from '../../worker/memory/memory.ts';
import { bonus, mixed, reasons } from '../../worker/memory/mixture.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { boostsOf, denseMixture, denseScores, type Matrix, weightAt } from './reference.ts';

const ITEMS = 40;
const OPTIONS: MemoryOptions = { newest: 6, decay: 0.7, smoothing: 0.01, weights: [2, 1, 0.5, 0.25] };
const random = seededRandom(3);

/** A third of all pairs, with probabilities that a byte can have, so that nothing is rounded. */
const rows: Matrix = Array.from({ length: ITEMS }, () =>
  Array.from({ length: ITEMS }, () =>
    random() < 1 / 3 ? probabilityOf(Math.floor(random() * 256)) / ITEMS : 0,
  ),
).map((row) => row.map((value) => (value > LEAST_PROBABILITY ? probabilityOf(byteOf(value)) : 0)));

const fileOf = (matrix: Matrix) =>
  writeTransitions(matrix.map((row) => [...row.entries()].filter(([, probability]) => probability > 0)));
const memory = new Memory(fileOf(rows), ITEMS, OPTIONS);
const histories = [1, 2, 3, 5, 6, 7, 30].flatMap((length) =>
  Array.from({ length: 5 }, () => randomInts(random, length, length < 7 ? ITEMS : 4)),
);

/** Some distribution over all items. */
function anyLogProbs(): Float32Array {
  const logits = Float64Array.from({ length: ITEMS }, () => 6 * random());
  const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return Float32Array.from(logits, (logit) => logit - logSum);
}

test('scores are the weighted mean of the newest rows, and only items with a counted transition have one', () => {
  for (const history of histories) {
    const expected = denseScores(rows, history, OPTIONS);
    const { items, values } = memory.scores(history);
    expect(new Set(items).size).toBe(items.length);
    const dense = new Array(ITEMS).fill(0);
    for (const [i, item] of items.entries()) dense[item] = values[i];
    for (const [item, q] of expected.entries()) expect(dense[item]).toBeCloseTo(q, 12);
    expect(items).toHaveLength(expected.filter((q) => q > 0).length);
  }
});

test('nothing of one history is left for the next', () => {
  const [first, second] = [histories[0], histories[12]];
  const alone = new Memory(fileOf(rows), ITEMS, OPTIONS).scores(second);
  memory.scores(first);
  expect(memory.scores(second)).toEqual(alone);
});

test('the mixture is the product of both opinions, and its probabilities sum to one', () => {
  for (const history of histories) {
    const logProbs = anyLogProbs();
    const given = logProbs.slice();
    const expected = denseMixture([...logProbs].map(Math.exp), rows, history, OPTIONS);
    const probabilities = [...mixed(logProbs, memory, history)].map(Math.exp);
    for (const [item, value] of expected.entries()) expect(probabilities[item] / value).toBeCloseTo(1, 5);
    expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    expect(logProbs).toEqual(given);
  }
});

test('the weight follows the length of the history, and the last one holds from its knot on', () => {
  for (const length of [1, 2, 3, 4, 5, 7, 8, 9, 100, 10_000]) {
    expect(memory.weight(length)).toBeCloseTo(weightAt(OPTIONS.weights, length), 12);
  }
  expect([1, 2, 4, 8, 1000].map((length) => memory.weight(length))).toEqual([2, 1, 0.5, 0.25, 0.25]);
});

test('a memory that weighs nothing changes nothing and brings nothing', () => {
  const silent = new Memory(fileOf(rows), ITEMS, { ...OPTIONS, weights: [0] });
  const logProbs = anyLogProbs();
  expect(mixed(logProbs, silent, [1, 2, 3])).toEqual(logProbs);
  expect(boostsOf(silent, [1, 2, 3]).items).toHaveLength(0);
  expect(mixed(logProbs, undefined, [1, 2, 3])).toBe(logProbs);
});

test('the bonus of a search orders items as the factors do, and is never above 0', () => {
  for (const history of histories) {
    const { items, values } = boostsOf(memory, history);
    const all = bonus(memory, history, ITEMS)!;
    expect(Math.max(...all)).toBeCloseTo(0, 6);
    const least = Math.min(...all);
    for (const item of items) expect(all[item] - least).toBeGreaterThan(0);
    for (const [i, item] of items.entries())
      expect(all[item]).toBeCloseTo(values[i] - Math.max(...values), 5);
  }
});

test('because names the items that contributed most, strongest first, and nothing without a contribution', () => {
  for (const history of histories) {
    const q = denseScores(rows, history, OPTIONS);
    for (let item = 0; item < ITEMS; item++) {
      const [found] = reasons(memory, history, [item], 3);
      expect(found.length > 0).toBe(q[item] > 0);
      // Without a reason's occurrences the score is lower, and by more for an earlier reason.
      const newest = history.slice(-OPTIONS.newest);
      const shares = found.map((reason) =>
        newest.reduce((sum, each, place) => {
          const back = newest.length - 1 - place;
          return sum + (each === reason ? OPTIONS.decay ** back * rows[each][item] : 0);
        }, 0),
      );
      expect(shares).toEqual([...shares].sort((a, b) => b - a));
      const all = [...new Set(newest)].filter((each) => rows[each][item] > 0);
      expect(found).toHaveLength(Math.min(3, all.length));
    }
  }
});

test('a byte is within half a step of the probability that it stands for', () => {
  for (let i = 0; i < 10_000; i++) {
    const probability = LEAST_PROBABILITY ** random();
    const ratio = probabilityOf(byteOf(probability)) / probability;
    expect(Math.max(ratio, 1 / ratio)).toBeLessThanOrEqual(LARGEST_ERROR * (1 + 1e-12));
  }
  expect(LARGEST_ERROR).toBeLessThan(1.022);
  expect(probabilityOf(byteOf(1))).toBe(1);
});

test('a catalogue of more items than uint16 can count has wider ids', () => {
  const items = 70_000;
  const sparse: [number, number][][] = Array.from({ length: items }, () => []);
  sparse[69_999] = [
    [3, 0.5],
    [69_998, 0.25],
  ];
  const file = writeTransitions(sparse);
  expect(file).toHaveLength(fileBytes(items, 2));
  expect(readTransitions(file, items).successors).toEqual(Uint32Array.of(3, 69_998));
  const { items: found, values } = new Memory(file, items, OPTIONS).scores([69_999]);
  expect([...found]).toEqual([3, 69_998]);
  expect([...values]).toEqual([0.5, 0.25]);
});

test('a file of another size is refused', () => {
  const file = fileOf(rows);
  expect(() => new Memory(file.slice(0, -1), ITEMS, OPTIONS)).toThrow(RangeError);
  expect(() => new Memory(file.slice(0, 100), ITEMS, OPTIONS)).toThrow('too short for 40 items');
});
