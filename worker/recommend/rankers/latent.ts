import { codedSearch } from '../../engine/coded-search.ts';
import { bestItems } from '../../engine/ranking.ts';
import { eachBoost, mixed } from '../../memory/mixture.ts';
import { boosted, type Ranker } from './ranker.ts';

/** L2D (arXiv 2509.11524): the state against every item's vector. One product, no decode step. */
export const latent: Ranker = {
  description:
    'scores every item by its vector, in a large catalogue only the likely ones; log-probabilities',
  needsState: true,
  usesMemory: 'all',
  async rank({ model, history, state, allowed, boosts, k, target }) {
    const { coded, memory, events } = model;
    if (coded) {
      const vector = events?.aimed(state.final, target) ?? state.final;
      const factors = new Map<number, number>();
      if (memory) eachBoost(memory, history, (item, boost) => factors.set(item, boost));
      return codedSearch(coded.table, { vector, k, allowed, factors, boosts, added: coded.added });
    }
    const scores = mixed(await model.itemLogProbs(state, target), memory, history);
    return bestItems(boosted(scores, boosts), allowed, k);
  },
};
