/** Sparse matrices of items by items, one row per item. */
import type { Scorer } from './yardstick.ts';

export interface SparseRow {
  columns: Int32Array;
  values: Float64Array;
}

type Fill = (row: number, add: (column: number, value: number) => void) => void;

/**
 * Makes each row by adding up what `fill` adds to its columns. One by one: all of a large catalogue may not
 * fit in memory.
 */
export function* eachSparseRow(size: number, fill: Fill, columns = size): Generator<SparseRow> {
  const sums = new Float64Array(columns);
  const touched = new Int32Array(columns);
  let count = 0;
  const add = (column: number, value: number) => {
    if (sums[column] === 0) touched[count++] = column;
    sums[column] += value;
  };
  for (let row = 0; row < size; row++) {
    count = 0;
    fill(row, add);
    const values = new Float64Array(count);
    for (let at = 0; at < count; at++) {
      values[at] = sums[touched[at]];
      sums[touched[at]] = 0;
    }
    yield { columns: touched.slice(0, count), values };
  }
}

/** Divides each row by its sum, so that it is a distribution. */
export function normalised(rows: SparseRow[]): SparseRow[] {
  return rows.map(({ columns, values }) => {
    const sum = values.reduce((total, value) => total + value, 0);
    return { columns, values: values.map((value) => value / sum) };
  });
}

/** Keeps the `most` largest values of a row; of equal ones the first columns. */
export function largest({ columns, values }: SparseRow, most: number): SparseRow {
  if (columns.length <= most) return { columns, values };
  const least = values.slice().sort()[values.length - most];
  let ties = most - values.filter((value) => value > least).length;
  const kept = [...columns.keys()].filter((at) => values[at] > least || (values[at] === least && ties-- > 0));
  const places = Int32Array.from(kept);
  return {
    columns: places.map((at) => columns[at]),
    values: Float64Array.from(places, (at) => values[at]),
  };
}

/** Adds up the rows of the `newest` items of a history; each item weighs `decay` times the one after it. */
export function decayedSum(rows: readonly SparseRow[], newest: number, decay: number): Scorer {
  return (history, scores) => {
    const oldest = Math.max(0, history.length - newest);
    let weight = 1;
    for (let place = history.length - 1; place >= oldest; place--, weight *= decay) {
      const { columns, values } = rows[history[place]];
      for (let at = 0; at < columns.length; at++) scores[columns[at]] += weight * values[at];
    }
  };
}
