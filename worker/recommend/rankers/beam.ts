import type { Ranker } from './ranker.ts';

/** Prefixes that the search keeps per level; the paper's width. */
export const BEAM = 20;

/** The paper's way: semantic-ID codes by beam search. */
export const beam: Ranker = {
  description: 'generates semantic-ID codes by beam search; log-probabilities',
  needsState: true,
  rank: ({ model, state, allowed, k, beam = BEAM }) => model.beamSearch(state, { k, beam, allowed }),
};
