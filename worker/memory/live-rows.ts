/** Rows of transitions that were counted since the training, to be mixed with the trained ones. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import { WEIGHT_PER_EVENT } from '../live/counts.ts';
import type { CountsTable } from '../live/counts-table.ts';

/** Counts that are added to a row's total, so that a few events don't outweigh everything. */
const SHRINKAGE = 50;

/** Rows of some items. */
export interface LiveRows {
  /** Which items have a row, ascending. */
  items: Int32Array;
  /** Of each row, the share of the probabilities that stays with the trained one. */
  kept: Float32Array;
  /** The row at a place has the entries `starts[place]` to `starts[place + 1]`. */
  starts: Uint32Array;
  successors: Uint32Array;
  probabilities: Float32Array;
}

export const NO_ROWS: LiveRows = {
  items: new Int32Array(),
  kept: new Float32Array(),
  starts: new Uint32Array(1),
  successors: new Uint32Array(),
  probabilities: new Float32Array(),
};

/** p = (trained p * its total + counts) / (both totals), as if all had been counted together. */
export function liveRows(table: CountsTable, catalogue: Catalogue): LiveRows {
  const indices = Int32Array.from(table.ids, (id) => catalogue.indexOf(id) ?? -1);
  const counted = [...indices.keys()].filter(
    (place) => indices[place] >= 0 && table.starts[place] < table.starts[place + 1],
  );
  counted.sort((a, b) => indices[a] - indices[b]);
  const rows: LiveRows = {
    items: Int32Array.from(counted, (place) => indices[place]),
    kept: new Float32Array(counted.length),
    starts: new Uint32Array(counted.length + 1),
    successors: new Uint32Array(table.successors.length),
    probabilities: new Float32Array(table.successors.length),
  };
  let end = 0;
  for (const [row, place] of counted.entries()) {
    const trained = SHRINKAGE + WEIGHT_PER_EVENT * catalogue.countOf(indices[place]);
    let total = trained;
    for (let at = table.starts[place]; at < table.starts[place + 1]; at++) {
      const successor = indices[table.successors[at]];
      if (successor < 0) continue; // the model does not know it
      rows.successors[end] = successor;
      rows.probabilities[end++] = table.weights[at];
      total += table.weights[at];
    }
    for (let at = rows.starts[row]; at < end; at++) rows.probabilities[at] /= total;
    rows.kept[row] = trained / total;
    rows.starts[row + 1] = end;
  }
  return rows;
}
