/** What a ranker is: a way to order the items that a list may hold. */
import type { HistoryState } from '../../engine/decoder.ts';
import type { ItemMask, Ranked } from '../../engine/ranking.ts';
import type { MemoryPart } from '../../memory/mixture.ts';
import type { Model } from '../../models/model.ts';

export interface RankInput {
  model: Model;
  /** Item indices of the history, oldest first: what the user has taken and not given back. */
  history: readonly number[];
  /** Most items to return; fewer only when fewer are allowed. */
  k: number;
  allowed: ItemMask;
  /** Added to scores that are logarithms before the best are chosen: what rules boost and bury. [items]. */
  boosts?: Float32Array;
  /** The type of event that the list should lead to. @default the model's */
  target?: string;
  /** Prefixes that a beam search keeps per level. @default `BEAM` */
  beam?: number;
}

/** Scores with what is added to them. */
export function boosted<Scores extends Float32Array | Float64Array>(scores: Scores, boosts?: Float32Array) {
  return boosts === undefined ? scores : scores.map((score, item) => score + boosts[item]);
}

/** Ranks by the state of the history, for which the history has to be prefilled. */
interface StateRanker {
  needsState: true;
  rank(input: RankInput & { state: HistoryState }): Promise<Ranked[]>;
}

/** Ranks without running the decoder. */
interface PlainRanker {
  needsState: false;
  rank(input: RankInput): Promise<Ranked[]>;
}

export type Ranker = (StateRanker | PlainRanker) & {
  /** What its order follows of the model's memory, where the model has one: lists say `because` by it. */
  usesMemory: false | MemoryPart;
  /** Whether its scores are logarithms, which rules can boost. @default true */
  boostable?: boolean;
  /** Whether the model has what it needs. @default always */
  available?(model: Model): boolean;
  /** What it does and what its scores are, for the API's documentation. */
  description: string;
};
