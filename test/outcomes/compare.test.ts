/** Whether one way to make lists is better, and whether that can be said yet. */
import { expect, test } from 'vitest';
import { comparisons, reportOf } from '../../scripts/report/compare.ts';
import type { OutcomeSums } from '../../worker/outcomes/outcomes.ts';
import { seededRandom } from '../fixtures/random.ts';

/** Sums of 64 buckets of users who hit with this probability. */
function sumsOf(variant: string, rate: number, perBucket: number, seed: number): OutcomeSums[] {
  const random = seededRandom(seed);
  const maker = { model: 'm', ranker: 'latent', variant };
  return Array.from({ length: 64 }, (_, bucket) => {
    const hits = Array.from({ length: perBucket }, () => random() < rate).filter(Boolean).length;
    return { ...maker, bucket, judged: perBucket, hits, reciprocal: hits / 2, clicked: 0, bought: 1 };
  });
}

test('a report adds up buckets, and its interval holds the rate', () => {
  const coverage = [{ model: 'm', ranker: 'latent', variant: 'a', items: 7 }];
  const [report] = reportOf({ sums: sumsOf('a', 0.3, 20, 1), coverage });
  expect(report).toMatchObject({ judged: 1280, bought: 64, coverage: 7 });
  expect(report.hit_rate).toBeCloseTo(0.3, 1);
  expect(report.intervals.hit_rate[0]).toBeLessThan(report.hit_rate);
  expect(report.intervals.hit_rate[1]).toBeGreaterThan(report.hit_rate);
  expect(report.intervals.hit_rate[1] - report.intervals.hit_rate[0]).toBeLessThan(0.08);
});

test.each([
  ['a difference that is there', 0.1, 0.2, 20, 'yes'],
  ['no difference', 0.2, 0.2, 20, 'no'],
  ['too few lists', 0.1, 0.9, 1, 'too early'],
])('%s', (_, first, second, perBucket, differs) => {
  const sums = [...sumsOf('a', first, perBucket, 2), ...sumsOf('b', second, perBucket, 3)];
  expect(comparisons({ sums, coverage: [] })).toMatchObject([{ differs }]);
});

test('where nothing differs, few comparisons say that something does', () => {
  let wrong = 0;
  for (let seed = 0; seed < 100; seed++) {
    const sums = [...sumsOf('a', 0.2, 5, 2 * seed), ...sumsOf('b', 0.2, 5, 2 * seed + 1)];
    if (comparisons({ sums, coverage: [] })[0].differs === 'yes') wrong++;
  }
  expect(wrong).toBeLessThan(12);
});
