/**
 * EASE^R: an item's score is the sum of its weights (`ease-weights.ts`) with the items of the history. Each
 * of them weighs `decay` times the one after it. With a decay of 1 this is the paper's method.
 */
import { easeWeights, gramMatrix, MOST_ITEMS } from './ease-weights.ts';
import { newestDistinct, withoutRepeats } from './training-log.ts';
import { COUNTING, combinations, memoised, type Yardstick } from './yardstick.ts';

const NEWEST = 100;
/** Items that weigh less are not looked at. */
const LEAST_SHARE = 1e-6;

export const ease: Yardstick = {
  grid: combinations({ lambda: [100, 500, 2500], decay: [0.5, 0.8, 1] }),
  maxItems: MOST_ITEMS,
  fit(log) {
    const { gram, place, known } = gramMatrix(withoutRepeats(log));
    const size = known.length;
    const weightsFor = memoised(({ lambda }, step) =>
      easeWeights(gram, size, lambda, (part = 1) => step(COUNTING * part)),
    );
    return ({ lambda, decay }, step) => {
      const weights = weightsFor({ lambda }, step);
      return (history, scores) => {
        let share = 1;
        for (const item of newestDistinct(history, NEWEST)) {
          const start = place[item] * size;
          for (let at = 0; start >= 0 && at < size; at++) scores[known[at]] += share * weights[start + at];
          share *= decay;
          if (share < LEAST_SHARE) break;
        }
      };
    };
  },
};
