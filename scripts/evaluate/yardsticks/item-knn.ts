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
import { decayedSum, largest, type SparseRow, sparseRows } from './sparse-rows.ts';
import { occurrencesOf, type TrainingLog, withoutRepeats } from './training-log.ts';
import { combinations, memoised, type Yardstick } from './yardstick.ts';

const NEWEST = 100;
const MOST_NEIGHBOURS = 200;

export const itemKnn: Yardstick = {
  grid: combinations({
    neighbours: [20, 50, MOST_NEIGHBOURS],
    shrinkage: [0, 10],
    decay: [0.3, 0.5, 0.8, 1],
  }),
  fit(log) {
    const { rows, users } = pairCounts(withoutRepeats(log));
    const mostSimilar = memoised(({ shrinkage }) =>
      rows.map(({ columns, values }, item) => {
        const cosines = values.map(
          (both, at) => both / (Math.sqrt(users[item] * users[columns[at]]) + shrinkage),
        );
        return largest({ columns, values: cosines }, MOST_NEIGHBOURS);
      }),
    );
    return ({ neighbours, shrinkage, decay }) =>
      decayedSum(
        mostSimilar({ shrinkage }).map((row) => largest(row, neighbours)),
        NEWEST,
        decay,
      );
  },
};

/** How many users took each two items, and each one. */
function pairCounts(log: TrainingLog): { rows: SparseRow[]; users: Int32Array } {
  const { starts, histories } = occurrencesOf(log);
  const rows = sparseRows(log.items, (item, add) => {
    for (let at = starts[item]; at < starts[item + 1]; at++) {
      for (const other of log.histories[histories[at]]) if (other !== item) add(other, 1);
    }
  });
  return {
    rows,
    users: Int32Array.from({ length: log.items }, (_, item) => starts[item + 1] - starts[item]),
  };
}
