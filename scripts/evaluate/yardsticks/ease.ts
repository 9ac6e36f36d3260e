/**
 * EASE^R (Steck, *Embarrassingly Shallow Autoencoders for Sparse Data*, WWW 2019): the linear model that
 * predicts each item of a user from the user's other items. With the Gram matrix G of the users' 0/1 rows and
 * P = (G + lambda I)^-1,
 *
 *     B_ij = -P_ij / P_jj, B_ii = 0,
 *
 * and an item's score is the sum of B_ij over the items i of the history. Each of them weighs `decay` times
 * the one after it. With a decay of 1 this is the paper's method.
 */
import { invertPositiveDefinite } from './invert.ts';
import { newestDistinct, type TrainingLog, withoutRepeats } from './training-log.ts';
import { combinations, memoised, type Yardstick } from './yardstick.ts';

const NEWEST = 100;
/** Items that weigh less are not looked at. */
const LEAST_SHARE = 1e-6;

export const ease: Yardstick = {
  grid: combinations({ lambda: [100, 500, 2500], decay: [0.5, 0.8, 1] }),
  maxItems: 5000,
  fit(log) {
    const { gram, place, known } = gramMatrix(withoutRepeats(log));
    const size = known.length;
    const weightsFor = memoised(({ lambda }) => easeWeights(gram, size, lambda));
    return ({ lambda, decay }) => {
      const weights = weightsFor({ lambda });
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

/** Co-occurrence of the items that occur at all. */
function gramMatrix(log: TrainingLog) {
  const known = Int32Array.from(new Set(log.histories.flatMap((history) => [...history]))).sort();
  const place = new Int32Array(log.items).fill(-1);
  for (const [at, item] of known.entries()) place[item] = at;
  const size = known.length;
  const gram = new Float64Array(size * size);
  for (const history of log.histories) {
    const rows = history.map((item) => place[item]);
    for (const row of rows) for (const column of rows) gram[row * size + column]++;
  }
  return { gram, place, known };
}

/** B, [size x size]. */
function easeWeights(gram: Float64Array, size: number, lambda: number): Float32Array {
  const regularised = gram.slice();
  for (let at = 0; at < size; at++) regularised[at * size + at] += lambda;
  const inverse = invertPositiveDefinite(regularised, size);
  const weights = new Float32Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      if (column === row) continue;
      weights[row * size + column] = -inverse[row * size + column] / inverse[column * size + column];
    }
  }
  return weights;
}
