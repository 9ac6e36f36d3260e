import type { Ranker } from './ranker.ts';

/** The same order for everybody, and the list for a history without a known item. */
export const popular: Ranker = {
  description: 'the most popular items; logs of their shares of all interactions',
  needsState: false,
  usesMemory: false,
  rank: async ({ model: { catalogue }, allowed, boosts, k }) => catalogue.mostPopular(allowed, k, boosts),
};
