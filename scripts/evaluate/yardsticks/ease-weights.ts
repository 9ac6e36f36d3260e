/**
 * EASE^R (Steck, *Embarrassingly Shallow Autoencoders for Sparse Data*, WWW 2019): the linear model that
 * predicts each item of a user from the user's other items. With the Gram matrix G of the users' 0/1 rows and
 * P = (G + lambda I)^-1,
 *
 *     B_ij = -P_ij / P_jj, B_ii = 0.
 */
import { createHash } from 'node:crypto';
import { NO_STEP, type Step } from '../../progress.ts';
import { invertPositiveDefinite } from './invert.ts';
import { countsOf, type TrainingLog } from './training-log.ts';

/** Items that occur in training, at most: time grows with their cube, and is half a minute here. */
export const MOST_ITEMS = 5000;

/** Co-occurrence of the items that occur at all. */
export function gramMatrix(log: TrainingLog) {
  const counts = countsOf(log);
  const known = Int32Array.from(counts.keys()).filter((item) => counts[item] > 0);
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

/** The build and the evaluation of one `npm run make` want the same weights, which may take half a minute. */
const KEPT = 3;
const kept = new Map<string, Float32Array>();

/** B, [size x size]; not to be changed. The parts told are of one step. */
export function easeWeights(
  gram: Float64Array,
  size: number,
  lambda: number,
  step: Step = NO_STEP,
): Float32Array {
  const key = `${createHash('sha256').update(gram).digest('hex')} ${lambda}`;
  const weights = kept.get(key) ?? inverted(gram, size, lambda, step);
  kept.delete(key); // the newest comes last
  kept.set(key, weights);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
  return weights;
}

function inverted(gram: Float64Array, size: number, lambda: number, step: Step): Float32Array {
  const regularised = gram.slice();
  for (let at = 0; at < size; at++) regularised[at * size + at] += lambda;
  const inverse = invertPositiveDefinite(regularised, size, step);
  const weights = new Float32Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      if (column === row) continue;
      weights[row * size + column] = -inverse[row * size + column] / inverse[column * size + column];
    }
  }
  return weights;
}
