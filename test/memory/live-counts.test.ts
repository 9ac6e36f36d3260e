/** What is counted while a model serves, beside the counts of a training. */
import { expect, test } from 'vitest';
import { countTransitions } from '../../scripts/build/memory/counts.ts';
import { Catalogue } from '../../worker/catalogue/catalogue.ts';
import { Counting, type CountsSnapshot } from '../../worker/live/counts.ts';
import { trendingShares } from '../../worker/live/trending.ts';
import { writeTransitions } from '../../worker/memory/layout.ts';
import { liveRows } from '../../worker/memory/live-rows.ts';
import { Memory } from '../../worker/memory/memory.ts';

const catalogueOf = (counts: number[]) =>
  new Catalogue(counts.map((count, index) => ({ id: String(index), title: '', categories: [], count })));

const OPTIONS = { newest: 20, decay: 0.5, smoothing: 0.01, weights: [1] };

/** A memory of these rows, with live counts over it. */
function memoryOf(rows: [number, number][][], catalogue: Catalogue, pairs: CountsSnapshot['pairs']): Memory {
  const trained = new Memory(writeTransitions(rows), rows.length, OPTIONS);
  return trained.extended(catalogue.items.length, liveRows({ version: 1, items: [], pairs }, catalogue));
}

function probabilities(memory: Memory, history: number[]): Map<number, number> {
  const { items, values } = memory.scores(history);
  return new Map([...items].map((item, at) => [item, values[at]]));
}

test('events that come in visits are counted as a training counts whole histories', () => {
  const history = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9];
  const counting = new Counting();
  for (let at = 0; at < history.length; at += 4) {
    const before = history.slice(Math.max(0, at - 10), at).map(String);
    counting.add(before, history.slice(at, at + 4).map(String));
  }
  const { items, pairs } = counting.take();
  const options = { distances: 10, reverse: 0.25 };
  const trained = countTransitions({ histories: [Int32Array.from(history)], items: 10 }, options);
  const live = new Map(pairs.map(([before, after, weight]) => [`${before} ${after}`, weight]));
  for (let before = 0; before < 10; before++) {
    for (let after = 0; after < 10; after++) {
      const expected = new Map(trained[before].successors).get(after) ?? 0;
      expect(live.get(`${before} ${after}`) ?? 0, `${before} ${after}`).toBeCloseTo(expected);
    }
  }
  expect(items.reduce((sum, [, count]) => sum + count, 0)).toBe(history.length);
  expect(counting.isEmpty).toBe(true);
});

test('the more is counted, the more it weighs, and probabilities stay probabilities', () => {
  const catalogue = catalogueOf([100, 100, 100, 0]); // the last one is new
  const rows: [number, number][][] = [
    [
      [1, 0.5],
      [2, 0.25],
    ],
    [],
    [],
  ];
  const after = (weight: number) =>
    probabilities(memoryOf(rows, catalogue, weight ? [['0', [['3', weight]]]] : []), [0]);
  expect(after(0).get(1)).toBeCloseTo(0.5);
  let before = 0;
  for (const weight of [1, 12, 100, 1000, 1e6]) {
    const all = after(weight);
    expect(all.get(3)!).toBeGreaterThan(before);
    expect(all.get(1)! / all.get(2)!).toBeCloseTo(2);
    expect([...all.values()].reduce((sum, p) => sum + p, 0)).toBeLessThanOrEqual(1);
    before = all.get(3)!;
  }
  expect(before).toBeGreaterThan(0.99);
});

test('a new item in a history brings what followed it, and is the reason', () => {
  const catalogue = catalogueOf([5, 5, 0]);
  const memory = memoryOf([[], []], catalogue, [
    ['2', [['1', 8]]],
    ['gone', [['1', 9]]],
    ['0', [['gone', 9]]],
  ]);
  expect([...probabilities(memory, [2]).keys()]).toEqual([1]);
  expect(memory.because([0, 2], 1, 3)).toEqual([2]);
});

test('what is trending is the last day’s, with the training’s popularity while there is little', () => {
  const catalogue = catalogueOf([90, 10, 0]);
  const shares = (items: [string, number][]) => trendingShares({ version: 1, items, pairs: [] }, catalogue);
  expect(shares([])).toBeUndefined();
  expect(shares([['gone', 5]])).toBeUndefined();
  const few = shares([['2', 1]])!;
  const many = shares([
    ['2', 500],
    ['1', 100],
  ])!;
  expect(few[0]).toBeGreaterThan(few[2]);
  expect([...many.keys()].sort((a, b) => many[b] - many[a])).toEqual([2, 1, 0]);
  for (const each of [few, many]) {
    expect(each.reduce((sum, share) => sum + Math.exp(share), 0)).toBeCloseTo(1);
  }
});
