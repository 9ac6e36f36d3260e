import { bonus, mixed } from '../../memory/mixture.ts';
import { BEAM } from './beam.ts';
import type { Ranker } from './ranker.ts';

/** The items that the beam search reaches, ordered by both opinions, each mixed with the memory. */
export const hybrid: Ranker = {
  description: 'orders what the beam search finds by the sum of the log-probabilities of beam and latent',
  needsState: true,
  usesMemory: 'all',
  available: ({ trie }) => trie !== undefined,
  async rank({ model, history, state, allowed, boosts, k, target, beam = BEAM }) {
    const latent = mixed(await model.itemLogProbs(state, target), model.memory, history);
    const factors = bonus(model.memory, history, allowed.length, boosts);
    const both = factors ? latent.map((score, item) => score + factors[item]) : latent;
    return model.beamSearch(state, { k, beam, allowed, target, bonus: both });
  },
};
