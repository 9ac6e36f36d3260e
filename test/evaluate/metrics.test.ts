/** Metrics against values worked out by hand. */
import { expect, test } from 'vitest';
import {
  byHistory,
  interval,
  intervalsOf,
  metricsOf,
  pairedDifference,
  rankIn,
  spreadOf,
} from '../../scripts/evaluate/metrics.ts';

test('a rank is the place in the list, from 0, and Infinity outside of it', () => {
  expect([7, 8, 9, 1].map((item) => rankIn([7, 8, 9], item))).toEqual([0, 1, 2, Infinity]);
});

test('HR counts the targets among the first k, NDCG discounts them by log2(rank + 2)', () => {
  // Gains: 1 / log2(2) = 1, 1 / log2(3) = .63093, 1 / log2(6) = .38685, 1 / log2(7) = .35621,
  // 1 / log2(11) = .28906, 1 / log2(12) = .27894, 1 / log2(22) = .22424 (rank 20: beyond every cutoff).
  const ranks = [0, 1, 4, 5, 9, 10, 20, Infinity];
  expect(metricsOf(ranks)).toEqual({
    'hr@5': 0.375, // 3 of 8
    'hr@10': 0.625, // 5 of 8
    'hr@20': 0.75, // 6 of 8
    'ndcg@5': 0.25222, // (1 + .63093 + .38685) / 8
    'ndcg@10': 0.33288, // ... + (.35621 + .28906) / 8
    'ndcg@20': 0.36775, // ... + .27894 / 8
  });
});

test('coverage is the share of items that are listed, Gini the inequality of how often', () => {
  expect(spreadOf(Float64Array.of(2, 2, 2, 2))).toEqual({ 'coverage@10': 1, 'gini@10': 0 });
  // One of n items takes all: 1 - 1 / n.
  expect(spreadOf(Float64Array.of(0, 4, 0, 0))).toEqual({ 'coverage@10': 0.25, 'gini@10': 0.75 });
  // Mean absolute difference of all pairs over twice the mean: (0 + 2 + 2 + 0) / 4 / (2 * 2) = .25.
  expect(spreadOf(Float64Array.of(3, 1))).toEqual({ 'coverage@10': 1, 'gini@10': 0.25 });
});

test('an interval holds the means of 95% of the resamples', () => {
  expect(interval([0.3, 0.3, 0.3])).toEqual([0.3, 0.3]);
  // Two cases: a resample's mean is 0, .5 or 1 with probability 1/4, 1/2, 1/4.
  expect(interval([0, 1])).toEqual([0, 1]);
  // 400 cases, half of them hits: .5 with a standard error of .025, about normal.
  const [low, high] = interval(Array.from({ length: 400 }, (_, i) => i % 2));
  expect(Math.abs(low - (0.5 - 1.96 * 0.025))).toBeLessThan(0.005);
  expect(Math.abs(high - (0.5 + 1.96 * 0.025))).toBeLessThan(0.005);
});

test('intervals are the same every time', () => {
  const ranks = Array.from({ length: 50 }, (_, i) => i);
  expect(intervalsOf(ranks)).toEqual(intervalsOf(ranks));
});

test('a paired interval knows only where the two differ', () => {
  // Hard and easy cases alike for both: each alone is uncertain, their difference is not.
  const ranks = Array.from({ length: 100 }, (_, i) => (i % 2 ? 0 : Infinity));
  const [low, high] = intervalsOf(ranks)['hr@10'];
  expect(high - low).toBeGreaterThan(0.15);
  expect(pairedDifference(ranks, ranks)['hr@10']).toEqual({ mean: 0, interval95: [0, 0] });
  // The second is ahead on every case: a hit more, worth 1 / log2(3) in NDCG.
  const better = pairedDifference([Infinity, 30], [1, 1]);
  expect(better).toEqual({
    'hr@10': { mean: 1, interval95: [1, 1] },
    'ndcg@10': { mean: 0.63093, interval95: [0.63093, 0.63093] },
  });
  // Ahead on one case of two, behind on the other.
  expect(pairedDifference([0, 50], [50, 0])['hr@10']).toEqual({ mean: 0, interval95: [-1, 1] });
});

test('cases are grouped by what came before them', () => {
  expect(byHistory([0, Infinity, 1], [0, 5, 6])).toEqual({
    '0-5': { cases: 2, 'hr@10': 0.5, 'ndcg@10': 0.5 },
    '6-10': { cases: 1, 'hr@10': 1, 'ndcg@10': 0.63093 },
  });
});
