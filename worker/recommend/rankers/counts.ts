import { Best } from '../../engine/best.ts';
import { ranked } from '../../engine/ranking.ts';
import type { Ranker } from './ranker.ts';

/** Share of the probability that goes by popularity, so that every item has some. */
const POPULAR_SHARE = 0.01;

/** The memory alone: what followed the newest items, then what is popular. The decoder doesn't run. */
export const counts: Ranker = {
  description:
    'counts what followed the newest items of the history, without the decoder, and fills up with the most popular items; log-probabilities. Only where the model has a memory',
  needsState: false,
  usesMemory: 'transitions',
  available: ({ memory }) => memory !== undefined,
  async rank({ model: { catalogue, memory }, history, allowed, boosts, k }) {
    const { items, values } = memory!.scores(history); // `available`
    const total = values.reduce((sum, value) => sum + value, 0);
    const popular = total > 0 ? POPULAR_SHARE : 1;
    const best = new Best(k);
    const others = allowed.slice();
    for (const [i, item] of items.entries()) {
      const counted = ((1 - popular) * values[i]) / total;
      const share = Math.log(counted + Math.exp(Math.log(popular) + catalogue.popularityOf(item)));
      if (allowed[item] !== 0) best.offer(item, share + (boosts?.[item] ?? 0));
      others[item] = 0;
    }
    for (const { item, score } of catalogue.mostPopular(others, k, boosts)) {
      best.offer(item, Math.log(popular) + score);
    }
    return ranked(best);
  },
};
