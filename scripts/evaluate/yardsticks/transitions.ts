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
import type { Step } from '../../progress.ts';
import { decayedSum, eachSparseRow, normalised, type SparseRow } from './sparse-rows.ts';
import { occurrencesOf, type TrainingLog } from './training-log.ts';
import { COUNTING, combinations, memoised, type Yardstick } from './yardstick.ts';

const DISTANCES = 10;
const NEWEST = 20;
const DECAY = [0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9];
/** In a log whose times are days, what came before and what came after are often the same. */
const REVERSE = [0, 0.25, 1];

export const firstOrder: Yardstick = {
  grid: [{}],
  fit(log) {
    return () => decayedSum(normalised([...successors(log, { distances: 1, reverse: 0 })]), 1, 1);
  },
};

export const transitions: Yardstick = {
  grid: combinations({ reverse: REVERSE, decay: DECAY }),
  fit(log) {
    const rowsOf = memoised((_, step) => bothWays(log, step));
    const sumsOf = memoised(({ reverse }) => rowsOf({}).map((row) => sumOf(row, log.items, reverse)));
    return ({ reverse, decay }, step) => {
      const rows = rowsOf({}, step);
      const sums = sumsOf({ reverse });
      return (history, scores) => {
        const oldest = Math.max(0, history.length - NEWEST);
        let weight = 1;
        for (let place = history.length - 1; place >= oldest; place--, weight *= decay) {
          const { columns, values } = rows[history[place]];
          if (sums[history[place]] === 0) continue;
          const after = weight / sums[history[place]];
          const before = reverse * after;
          for (let at = 0; at < columns.length; at++) {
            const column = columns[at];
            if (column < log.items) scores[column] += after * values[at];
            else scores[column - log.items] += before * values[at];
          }
        }
      };
    };
  },
};

/** Rows of what came after an item, and behind these columns, in as many more, of what came before it. */
function bothWays(log: TrainingLog, step: Step): SparseRow[] {
  const eachPair = pairsOf(log, DISTANCES);
  const rows = eachSparseRow(
    log.items,
    (item, add) => {
      eachPair(item, add, (before, weight) => add(log.items + before, weight));
      step(COUNTING / log.items);
    },
    2 * log.items,
  );
  return [...rows];
}

const sumOf = ({ columns, values }: SparseRow, items: number, reverse: number): number =>
  values.reduce((sum, value, at) => sum + (columns[at] < items ? value : reverse * value), 0);

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
  const eachPair = pairsOf(log, distances);
  return eachSparseRow(log.items, (item, add) => {
    eachPair(item, add, reverse > 0 ? (before, weight) => add(before, reverse * weight) : undefined);
  });
}

type Add = (item: number, weight: number) => void;

/** Calls `after` and `before` with each item that came near the occurrences of an item, and 1 / distance. */
function pairsOf(log: TrainingLog, distances: number): (item: number, after: Add, before?: Add) => void {
  const { starts, histories, places } = occurrencesOf(log);
  return (item, after, before) => {
    for (let at = starts[item]; at < starts[item + 1]; at++) {
      const history = log.histories[histories[at]];
      const wanted = log.targets?.[histories[at]];
      const place = places[at];
      for (let distance = 1; distance <= distances; distance++) {
        const [next, last] = [place + distance, place - distance];
        if (next < history.length && wanted?.[next] !== 0) after(history[next], 1 / distance);
        if (before && last >= 0 && wanted?.[last] !== 0) before(history[last], 1 / distance);
      }
    }
  };
}
