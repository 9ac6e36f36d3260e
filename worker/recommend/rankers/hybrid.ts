import { BEAM } from './beam.ts';
import type { Ranker } from './ranker.ts';

/** The items that the beam search reaches, ordered by both opinions. */
export const hybrid: Ranker = {
  description: 'orders what the beam search finds by the sum of the log-probabilities of beam and latent',
  needsState: true,
  async rank({ model, state, allowed, k, beam = BEAM }) {
    const bonus = await model.itemLogProbs(state);
    return model.beamSearch(state, { k, beam, allowed, bonus });
  },
};
