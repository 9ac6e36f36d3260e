/** What may be asked of a list, and the name of the answer in caches. */
import { sha256Hex } from '../engine/hex.ts';
import { type FilterValues, NO_FILTERS } from './filters/index.ts';
import type { RankerName } from './rankers/index.ts';

export interface ListQuery extends FilterValues {
  k: number;
  /** Better items to leave out: the list begins with the one of rank `offset + 1`. */
  offset: number;
  /** How the list is made. @default the model's: the ranker that was best on validation */
  ranker?: RankerName;
}

/** The query of a request that says nothing but how many items it wants. */
export function queryFor(k: number): ListQuery {
  return { ...NO_FILTERS, k, offset: 0 };
}

/**
 * The key of a ranked list among those made of one state. Every field of the query is in it by construction,
 * so a new option can't be forgotten. Pages that end at the same rank share a list. Models with the same
 * `stateId` share states, not lists: their memories and catalogues may differ.
 */
export function listKey(
  { k, offset, ...options }: ListQuery,
  modelId: string,
  ranker: RankerName,
): Promise<string> {
  const fields = Object.entries({ ...options, modelId, ranker, end: offset + k });
  const text = JSON.stringify(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
  return sha256Hex(new TextEncoder().encode(text));
}
