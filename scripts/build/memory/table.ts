/** Counted rows as the file that the service reads. */
import { LEAST_PROBABILITY, writeTransitions } from '../../../worker/memory/layout.ts';
import type { CountedRow } from './counts.ts';

export interface TableOptions {
  /** Counts that are added to an item's total, so that few observations make small probabilities. */
  shrinkage: number;
}

/** `worker/memory/layout.ts` says how it is laid out. */
export function memoryTable(rows: readonly CountedRow[], { shrinkage }: TableOptions) {
  return writeTransitions(
    rows.map(({ total, items, counts }) =>
      Array.from(items, (item, at) => [item, counts[at] / (total + shrinkage)] as const)
        .filter(([, probability]) => probability >= LEAST_PROBABILITY)
        .sort(([a], [b]) => a - b),
    ),
  );
}
