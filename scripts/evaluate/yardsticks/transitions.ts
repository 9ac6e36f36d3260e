/**
 * What followed what. The row of an item is the distribution of the items that came after it, counted at
 * distances 1 to `distances` with weight 1 / distance.
 *
 * - `firstOrder` is the Markov chain: only the very next item counts, and a history is its newest item (the
 *   chain that is not personalised in Rendle et al., *Factorizing Personalized Markov Chains*, WWW 2010).
 * - `transitions` counts at ten distances, an item that came before as `reverse` of one that came after, and
 *   adds up the rows of the newest 20 items. Each item weighs `decay` times the one after it. It is close to
 *   the sequential rules of Ludewig and Jannach (*Evaluation of Session-based Recommendation Algorithms*,
 *   UMUAI 2018), which read the newest item alone.
 */
import { decayedSum, eachSparseRow, normalised, type SparseRow } from './sparse-rows.ts';
import { occurrencesOf, type TrainingLog } from './training-log.ts';
import { combinations, memoised, type Yardstick } from './yardstick.ts';

const DISTANCES = 10;
const NEWEST = 20;
const DECAY = [0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9];
/** In a log whose times are days, what came before and what came after are often the same. */
const REVERSE = [0, 0.25, 1];

export const firstOrder: Yardstick = {
  grid: [{}],
  fit(log) {
    const rows = normalised([...successors(log, { distances: 1, reverse: 0 })]);
    return () => decayedSum(rows, 1, 1);
  },
};

export const transitions: Yardstick = {
  grid: combinations({ reverse: REVERSE, decay: DECAY }),
  fit(log) {
    const rowsOf = memoised(({ reverse }) =>
      normalised([...successors(log, { distances: DISTANCES, reverse })]),
    );
    return ({ reverse, decay }) => decayedSum(rowsOf({ reverse }), NEWEST, decay);
  },
};

export interface CountOptions {
  /** Pairs of items up to this far apart count; a pair at distance d counts 1 / d. */
  distances: number;
  /** What an item that came before another counts as its successor, as a share of the other direction. */
  reverse: number;
}

/**
 * How often what came after each item, a row per item. Where only some events are what a list should lead to,
 * only they are successors.
 */
export function successors(log: TrainingLog, { distances, reverse }: CountOptions): Iterable<SparseRow> {
  const { starts, histories, places } = occurrencesOf(log);
  return eachSparseRow(log.items, (item, add) => {
    for (let at = starts[item]; at < starts[item + 1]; at++) {
      const history = log.histories[histories[at]];
      const wanted = log.targets?.[histories[at]];
      const count = (place: number, weight: number) => {
        if (place >= 0 && place < history.length && weight > 0 && wanted?.[place] !== 0)
          add(history[place], weight);
      };
      for (let distance = 1; distance <= distances; distance++) {
        count(places[at] + distance, 1 / distance);
        count(places[at] - distance, reverse / distance);
      }
    }
  });
}
