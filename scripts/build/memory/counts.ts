/** Counts what followed what. */
import { eachSparseRow, type SparseRow } from '../../evaluate/yardsticks/sparse-rows.ts';
import { occurrencesOf, type TrainingLog } from '../../evaluate/yardsticks/training-log.ts';

export interface CountOptions {
  /** Pairs of items up to this far apart count; a pair at distance d counts 1 / d. */
  distances: number;
  /** What an item that came before another counts as its successor, as a share of the other direction. */
  reverse: number;
  /** Successors that are kept per item, the strongest. */
  most: number;
}

/** The successors of one item. */
export interface CountedRow {
  /** Of all of them, also of those that are not kept. */
  total: number;
  /** The highest counts first; of equal ones the lower item. */
  items: Int32Array;
  counts: Float64Array;
}

/** One row per item. Where only some events are what a list should lead to, only they are successors. */
export function countTransitions(log: TrainingLog, { distances, reverse, most }: CountOptions): CountedRow[] {
  const { starts, histories, places } = occurrencesOf(log);
  const rows = eachSparseRow(log.items, (item, add) => {
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
  return Array.from(rows, (row) => strongest(row, most));
}

function strongest({ columns, values }: SparseRow, most: number): CountedRow {
  // Numbers alone sort much faster than by a function, and rows of a large log have thousands.
  const least = values.slice().sort().at(-most) ?? 0;
  const kept = Int32Array.from(columns.keys())
    .filter((at) => values[at] >= least)
    .sort((a, b) => values[b] - values[a] || columns[a] - columns[b])
    .subarray(0, most);
  return {
    total: values.reduce((sum, value) => sum + value, 0),
    items: kept.map((at) => columns[at]),
    counts: Float64Array.from(kept, (at) => values[at]),
  };
}
