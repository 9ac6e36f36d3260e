/** The most popular items, the same list for everybody. */
import { countsOf, onlyTargets } from './training-log.ts';
import type { Yardstick } from './yardstick.ts';

export const popular: Yardstick = {
  grid: [{}],
  fit(log) {
    const counts = countsOf(onlyTargets(log));
    return () => (_, scores) => scores.set(counts);
  },
};
