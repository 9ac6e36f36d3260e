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
  /** From 0, by score alone, to 1: how different the items of the list shall be. @default 0 */
  diversity?: number;
  /** Whether each item says what brought it. */
  explain?: boolean;
  /** Names of the rules that hold; no request says that. @default all */
  rules?: readonly string[];
  /** Properties that each item of the answer brings. */
  return: string[];
  /** The type of event that the list should lead to. @default the model's */
  target?: string;
}

/** The query of a request that says nothing but how many items it wants. */
export function queryFor(k: number): ListQuery {
  return { ...NO_FILTERS, k, offset: 0, return: [] };
}

/** Characters of a key that is kept as it is; hashing takes more time than the few hundred of most. */
export const LONGEST_KEY = 1000;
const utf8 = new TextEncoder();

/**
 * The key of a ranked list among those made of one state. Every field of the query is in it by construction,
 * so a new option can't be forgotten. Pages that end at the same rank share a list. Models with the same
 * `stateId` share states, not lists: their memories and catalogues may differ. `now` says what has changed
 * since the training.
 */
export async function listKey(
  { k, offset, return: _, explain: __, ...options }: ListQuery,
  modelId: string,
  ranker: RankerName,
  now: unknown,
): Promise<string> {
  const fields = Object.entries({ ...options, modelId, ranker, now, end: offset + k });
  const text = JSON.stringify(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
  return text.length <= LONGEST_KEY ? text : sha256Hex(utf8.encode(text));
}
