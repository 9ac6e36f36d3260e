/** The verdict names the best yardstick, and is sure only of what the interval is sure of. */
import { expect, test } from 'vitest';
import { sentence, verdictOn } from '../../scripts/evaluate/verdict.ts';

const always = (rank: number): number[] => new Array(20).fill(rank);

test('the model is held against the yardstick of the highest NDCG@10', () => {
  const yardsticks = new Map([
    ['low', always(9)],
    ['best', always(1)],
    ['none', always(Infinity)],
  ]);
  // 1 - 1 / log2(3) on every case, and as many hits.
  const verdict = verdictOn(always(0), yardsticks);
  expect(verdict).toEqual({ over: 'best', 'ndcg@10': [0.36907, 0.36907, 0.36907], 'hr@10': [0, 0, 0] });
  expect(sentence('latent', verdict)).toBe(
    'The model (latent) beats the best yardstick, best: ' +
      'NDCG@10 +0.3691 [+0.3691, +0.3691], HR@10 +0.0000 [+0.0000, +0.0000].',
  );
});

test('a model that is worse is said to be worse', () => {
  const verdict = verdictOn(always(Infinity), new Map([['counts', always(0)]]));
  expect(verdict).toEqual({ over: 'counts', 'ndcg@10': [-1, -1, -1], 'hr@10': [-1, -1, -1] });
  expect(sentence('beam', verdict)).toMatch(/^The model \(beam\) is worse than the best yardstick, counts: /);
});

test('a difference whose interval holds zero is no difference', () => {
  const mixed = (first: number, second: number) =>
    Array.from({ length: 20 }, (_, i) => (i % 2 ? first : second));
  const verdict = verdictOn(mixed(0, Infinity), new Map([['counts', mixed(Infinity, 0)]]));
  const [difference, low, high] = verdict['ndcg@10'];
  expect(difference).toBe(0);
  expect(low).toBeLessThan(0);
  expect(high).toBeGreaterThan(0);
  expect(sentence('latent', verdict)).toMatch(/is within chance of the best yardstick, counts: /);
});
