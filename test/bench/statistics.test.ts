import { expect, test } from 'vitest';
import { ratioInterval } from '../../scripts/bench/statistics.ts';

test('a ratio that is the same in every round is certain, however much the rounds differ', () => {
  const below = [1, 5, 2, 9, 4, 7];
  expect(
    ratioInterval(
      below.map((time) => 3 * time),
      below,
    ),
  ).toEqual([3, 3]);
});

test('without a difference the interval holds 1, and more rounds narrow it', () => {
  const width = (rounds: number) => {
    const times = Array.from({ length: rounds }, (_, at) => 10 + ((at * 7) % 11) / 11);
    const [low, high] = ratioInterval(times, times.toReversed());
    expect(low).toBeLessThanOrEqual(1);
    expect(high).toBeGreaterThanOrEqual(1);
    return high - low;
  };
  expect(width(400)).toBeLessThan(width(20));
});
