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
import { decayedSum, eachSparseRow, largest, type SparseRow } from './sparse-rows.ts';
import { countsOf, occurrencesOf, withoutRepeats } from './training-log.ts';
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
    const distinct = withoutRepeats(log);
    const users = countsOf(distinct);
    const { starts, histories } = occurrencesOf(distinct);
    // Counted anew for each shrinkage: all pairs of a large catalogue would fill the memory.
    const mostSimilar = memoised(({ shrinkage }) => {
      const pairs = eachSparseRow(log.items, (item, add) => {
        for (let at = starts[item]; at < starts[item + 1]; at++) {
          for (const other of distinct.histories[histories[at]]) if (other !== item) add(other, 1);
        }
      });
      let item = 0;
      return Array.from(pairs, ({ columns, values }): SparseRow => {
        const own = users[item++];
        const cosines = values.map((both, at) => both / (Math.sqrt(own * users[columns[at]]) + shrinkage));
        return largest({ columns, values: cosines }, MOST_NEIGHBOURS);
      });
    });
    return ({ neighbours, shrinkage, decay }) =>
      decayedSum(
        mostSimilar({ shrinkage }).map((row) => largest(row, neighbours)),
        NEWEST,
        decay,
      );
  },
};
