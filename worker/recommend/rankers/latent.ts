import { bestItems } from '../../engine/ranking.ts';
import { mixed } from '../../memory/mixture.ts';
import { boosted, type Ranker } from './ranker.ts';

/** L2D (arXiv 2509.11524): the state against every item's vector. One product, no decode step. */
export const latent: Ranker = {
  description: 'scores every item by its vector; log-probabilities',
  needsState: true,
  usesMemory: 'all',
  async rank({ model, history, state, allowed, boosts, k, target }) {
    const scores = mixed(await model.itemLogProbs(state, target), model.memory, history);
    return bestItems(boosted(scores, boosts), allowed, k);
  },
};
