/** Rows of transitions that were counted since the training, to be mixed with the trained ones. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import { type CountsSnapshot, WEIGHT_PER_EVENT } from '../live/counts.ts';

/** Counts that are added to a row's total, so that a few events don't outweigh everything. */
const SHRINKAGE = 50;

export interface LiveRow {
  /** Share of the probabilities that stays with the trained row. */
  kept: number;
  successors: readonly number[];
  probabilities: readonly number[];
}

/** By item index. */
export type LiveRows = ReadonlyMap<number, LiveRow>;

/** p = (trained p * its total + counts) / (both totals), as if all had been counted together. */
export function liveRows({ pairs }: CountsSnapshot, catalogue: Catalogue): LiveRows {
  const rows = new Map<number, LiveRow>();
  for (const [id, successors] of pairs) {
    const item = catalogue.indexOf(id);
    if (item === undefined) continue;
    const known = successors.flatMap(([after, weight]) => {
      const successor = catalogue.indexOf(after);
      return successor === undefined ? [] : [{ successor, weight }];
    });
    const trained = SHRINKAGE + WEIGHT_PER_EVENT * catalogue.items[item].count;
    const total = trained + known.reduce((sum, { weight }) => sum + weight, 0);
    rows.set(item, {
      kept: trained / total,
      successors: known.map(({ successor }) => successor),
      probabilities: known.map(({ weight }) => weight / total),
    });
  }
  return rows;
}
