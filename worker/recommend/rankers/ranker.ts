/** What a ranker is: a way to order the items that a list may hold. */
import type { HistoryState } from '../../engine/decoder.ts';
import type { ItemMask, Ranked } from '../../engine/ranking.ts';
import type { Model } from '../../models/model.ts';

export interface RankInput {
  model: Model;
  /** Item indices of the context window, oldest first. */
  history: readonly number[];
  /** Most items to return; fewer only when fewer are allowed. */
  k: number;
  allowed: ItemMask;
  /** Prefixes that a beam search keeps per level. @default `BEAM` */
  beam?: number;
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
  /** Whether its order follows the model's memory, where the model has one: its lists then say `because`. */
  usesMemory: boolean;
  /** Whether the model has what it needs. @default always */
  available?(model: Model): boolean;
  /** What it does and what its scores are, for the API's documentation. */
  description: string;
};
