/** Counts what followed what. */
import type { SparseRow } from '../../evaluate/yardsticks/sparse-rows.ts';
import type { TrainingLog } from '../../evaluate/yardsticks/training-log.ts';
import { type CountOptions, successors } from '../../evaluate/yardsticks/transitions.ts';

/** The successors of one item. */
export interface CountedRow {
  /** Of all of them, also of those that are not kept. */
  total: number;
  /** The highest counts first; of equal ones the lower item. */
  items: Int32Array;
  counts: Float64Array;
}

/** One row per item, of at most `most` successors, the strongest. */
export function countTransitions(
  log: TrainingLog,
  { most, ...counting }: CountOptions & { most: number },
): CountedRow[] {
  return Array.from(successors(log, counting), (row) => strongest(row, most));
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
