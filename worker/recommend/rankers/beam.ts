import { bonus } from '../../memory/mixture.ts';
import type { Ranker } from './ranker.ts';

/** Prefixes that the search keeps per level; the paper's width. */
export const BEAM = 20;

/** The paper's way: semantic-ID codes by beam search. */
export const beam: Ranker = {
  description:
    'generates semantic-ID codes by beam search; log-probabilities. Not in a catalogue too large for it',
  needsState: true,
  usesMemory: 'all',
  available: ({ trie }) => trie !== undefined,
  rank: ({ model, history, state, allowed, boosts, k, target, beam = BEAM }) =>
    model.beamSearch(state, {
      k,
      beam,
      allowed,
      target,
      bonus: bonus(model.memory, history, allowed.length, boosts),
    }),
};
