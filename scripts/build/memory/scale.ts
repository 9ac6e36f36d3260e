/**
 * The fitted weights are the likeliest, and lists are judged by NDCG@10. A decoder that is too sure of itself
 * where it is wrong (few data, many epochs) has good weights by the one and poor ones by the other. So all
 * weights are multiplied by the factor that ranks best; the fit decides how they depend on the length.
 */
import { METRICS } from '../../evaluate/metrics.ts';
import type { Evidence, FitCase } from './fit.ts';

/** The first of equally good factors is taken. */
const FACTORS = [1, 0.7, 1.4, 0.5, 2, 0.25, 3, 5];
/** A rank from here on is worth nothing. */
const LIST = 10;

export interface Scale {
  factor: number;
  /** NDCG@10 of the cases that it was chosen on. */
  ndcg: number;
}

/** `weightAt` is the fitted weight after so many items. */
export function bestScale(
  cases: readonly FitCase[],
  evidence: readonly Evidence[],
  weightAt: (length: number) => number,
): Scale {
  const sums = new Float64Array(FACTORS.length);
  for (const [index, each] of cases.entries()) {
    const weight = weightAt(each.length);
    for (let f = 0; f < FACTORS.length; f++) {
      sums[f] += METRICS['ndcg@10'](rankOf(each, evidence[index], FACTORS[f] * weight));
    }
  }
  const best = sums.indexOf(Math.max(...sums));
  return { factor: FACTORS[best], ndcg: sums[best] / Math.max(1, cases.length) };
}

/** Of the target, from 0: exact below `LIST`, Infinity beyond. */
function rankOf({ logProbs, allowed, target }: FitCase, { items, values }: Evidence, weight: number): number {
  const boosted = new Map<number, number>();
  for (let i = 0; i < items.length; i++) boosted.set(items[i], weight * values[i]);
  const score = logProbs[target] + (boosted.get(target) ?? 0);
  let better = 0;
  for (const [item, boost] of boosted) {
    if (allowed[item] === 1 && logProbs[item] + boost > score) better++;
    if (better === LIST) return Infinity;
  }
  for (let item = 0; item < logProbs.length; item++) {
    if (logProbs[item] <= score || allowed[item] === 0 || boosted.has(item)) continue;
    if (++better === LIST) return Infinity;
  }
  return better;
}
