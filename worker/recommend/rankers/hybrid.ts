import { mixed } from '../../memory/mixture.ts';
import { BEAM } from './beam.ts';
import type { Ranker } from './ranker.ts';

/** The items that the beam search reaches, ordered by both opinions. */
export const hybrid: Ranker = {
  description: 'orders what the beam search finds by the sum of the log-probabilities of beam and latent',
  needsState: true,
  usesMemory: true,
  async rank({ model, history, state, allowed, k, beam = BEAM }) {
    const bonus = mixed(await model.itemLogProbs(state), model.memory, history);
    return model.beamSearch(state, { k, beam, allowed, bonus });
  },
};
