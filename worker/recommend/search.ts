/** From a history's state to a list. */
import type { HistoryState } from '../engine/decoder.ts';
import { bestItems, type ItemMask, type Ranked } from '../engine/ranking.ts';
import type { RankerName } from '../models/manifest.ts';
import type { Model } from '../models/model.ts';

/** Prefixes that the service's beam search keeps (the paper's width). */
export const BEAM = 20;

export interface SearchRequest {
  /** How many items to return; fewer only when no more are allowed. */
  k: number;
  /** Items that may be returned (`Catalogue.allowed`). */
  allowed: ItemMask;
  /**
   * `latent`: every item by its vector, one product and no decode step. `beam`: semantic-ID codes by beam search.
   * `hybrid`: the items that the beam search reaches, by the sum of both log-probabilities.
   * @default the manifest's
   */
  ranker?: RankerName;
  /** @default BEAM */
  beam?: number;
}

/** The list that a state leads to. Throws ModelUnavailable when the runtime fails. */
export async function search(model: Model, state: HistoryState, request: SearchRequest): Promise<Ranked[]> {
  const { k, allowed, ranker = model.manifest.ranker, beam = BEAM } = request;
  const itemLogProbs = ranker === 'beam' ? undefined : await model.itemLogProbs(state);
  if (ranker === 'latent') return bestItems(itemLogProbs!, allowed, k);
  return model.beamSearch(state, { k, beam, allowed, bonus: itemLogProbs });
}
