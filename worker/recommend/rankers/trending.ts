import type { Ranker } from './ranker.ts';

/** The same order for everybody, as of now. */
export const trending: Ranker = {
  description:
    'what was taken most in the last day, and the most popular items while little was; logs of shares',
  needsState: false,
  usesMemory: false,
  rank: async ({ model: { catalogue, live }, allowed, boosts, k }) =>
    live?.trending?.best(allowed, k, boosts) ?? catalogue.mostPopular(allowed, k, boosts),
};
