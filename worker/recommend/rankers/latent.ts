import { bestItems } from '../../engine/ranking.ts';
import type { Ranker } from './ranker.ts';

/** L2D (arXiv 2509.11524): the state against every item's vector. One product, no decode step. */
export const latent: Ranker = {
  description: 'scores every item by its vector; log-probabilities',
  needsState: true,
  async rank({ model, state, allowed, k }) {
    return bestItems(await model.itemLogProbs(state), allowed, k);
  },
};
