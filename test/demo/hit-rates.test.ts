import { expect, test } from 'vitest';
import { hitRates } from '../../worker/demo/dashboard/hit-rates.ts';

const maker = { model: 'a'.repeat(16), ranker: 'latent', variant: '' };

test('rates are of all groups together, with those judged most first', () => {
  const sums = [
    { ...maker, bucket: 0, judged: 10, hits: 5 },
    { ...maker, bucket: 1, judged: 30, hits: 5 },
    { ...maker, ranker: 'popular', bucket: 0, judged: 100, hits: 10 },
    { ...maker, ranker: 'beam', bucket: 3, judged: 0, hits: 0 },
  ];
  const rates = hitRates(sums);
  expect(rates.map(({ ranker }) => ranker)).toEqual(['popular', 'latent']);
  expect(rates[0]).toMatchObject({ judged: 100, rate: 0.1, margin: null });
  expect(rates[1]).toMatchObject({ judged: 40, rate: 0.25 });
});

test('lists of one user that are alike widen the interval; a hundred users alike do not', () => {
  const groups = (hits: (bucket: number) => number) =>
    Array.from({ length: 50 }, (_, bucket) => ({ ...maker, bucket, judged: 20, hits: hits(bucket) }));
  const [alike] = hitRates(groups((bucket) => (bucket % 2) * 20)); // all of a group hit, or none
  const [mixed] = hitRates(groups(() => 10));
  expect(alike.rate).toBe(0.5);
  expect(mixed.margin).toBe(0);
  // Fifty independent halves: 1.96 * sqrt(.25 / 50).
  expect(alike.margin).toBeCloseTo(1.96 * Math.sqrt(0.25 / 49), 3);
});
