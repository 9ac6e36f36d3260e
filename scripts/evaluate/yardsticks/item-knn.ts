/**
 * Item-based nearest neighbours (Sarwar et al., WWW 2001; Deshpande and Karypis, ACM TOIS 2004): items are
 * similar when the same users took them. The similarity is the cosine of the users' 0/1 columns, shrunk where
 * little is known:
 *
 *     sim(i, j) = n_ij / (sqrt(n_i n_j) + shrinkage)
 *
 * where n_ij users took both. Each item keeps its `neighbours` most similar ones. The items of a history add
 * up the similarities of their neighbours. Each item weighs `decay` times the one after it.
 */
import type { Step } from '../../progress.ts';
import { decayedSum, eachSparseRow, largest, type SparseRow } from './sparse-rows.ts';
import { countsOf, occurrencesOf, type TrainingLog, withoutRepeats } from './training-log.ts';
import { COUNTING, combinations, memoised, type Yardstick } from './yardstick.ts';

const NEWEST = 100;
const MOST_NEIGHBOURS = 200;
const SHRINKAGE = [0, 10];

export const itemKnn: Yardstick = {
  grid: combinations({
    neighbours: [20, 50, MOST_NEIGHBOURS],
    shrinkage: SHRINKAGE,
    decay: [0.3, 0.5, 0.8, 1],
  }),
  fit(log) {
    const mostSimilar = memoised((_, step) => mostSimilarOf(log, step));
    const nearest = memoised(({ neighbours, shrinkage }, step) =>
      mostSimilar({}, step)[SHRINKAGE.indexOf(shrinkage)].map((row) => largest(row, neighbours)),
    );
    return ({ neighbours, shrinkage, decay }, step) =>
      decayedSum(nearest({ neighbours, shrinkage }, step), NEWEST, decay);
  },
};

/** The most similar items of each, with each shrinkage. All pairs of a large catalogue would not fit. */
function mostSimilarOf(log: TrainingLog, step: Step): SparseRow[][] {
  const distinct = withoutRepeats(log);
  const users = countsOf(distinct);
  const { starts, histories } = occurrencesOf(distinct);
  const pairs = eachSparseRow(log.items, (item, add) => {
    for (let at = starts[item]; at < starts[item + 1]; at++) {
      for (const other of distinct.histories[histories[at]]) if (other !== item) add(other, 1);
    }
    step(COUNTING / log.items);
  });
  const similar: SparseRow[][] = SHRINKAGE.map(() => []);
  let item = 0;
  for (const { columns, values } of pairs) {
    const own = users[item++];
    for (const [index, shrinkage] of SHRINKAGE.entries()) {
      const cosines = values.map((both, at) => both / (Math.sqrt(own * users[columns[at]]) + shrinkage));
      similar[index].push(largest({ columns, values: cosines }, MOST_NEIGHBOURS));
    }
  }
  return similar;
}
