/**
 * The fitted weights are the likeliest, and lists are judged by NDCG@10. A decoder that is too sure of itself
 * where it is wrong (few data, many epochs) has good weights by the one and poor ones by the other. So the
 * weights of each part are multiplied by the factor that ranks best; the fit decides how they depend on the
 * length. A factor has to rank better by more than its standard error: the best of eight is often just the
 * luckiest.
 */
import { METRICS, mean } from '../../evaluate/metrics.ts';
import { SILENT } from '../../progress.ts';
import type { Evidence, FitCase } from './fit.ts';

const FACTORS = [1, 0.7, 1.4, 0.5, 2, 0.25, 3, 5];
/** Each part's factor is chosen so many times, given the others'. */
const ROUNDS = 2;
/** A rank from here on is worth nothing. */
const LIST = 10;

export interface Scale {
  /** Of each part. */
  factors: number[];
  /** NDCG@10 of the cases that they were chosen on. */
  ndcg: number;
}

/** `weightsAt` are the parts' fitted weights after so many items. */
export function bestScale(
  cases: readonly FitCase[],
  evidence: readonly Evidence[],
  parts: number,
  weightsAt: (length: number) => readonly number[],
  stage = SILENT,
): Scale {
  const scores = new Float64Array(cases[0]?.logProbs.length ?? 0);
  const fitted = cases.map(({ length }) => weightsAt(length));
  const gainsOf = (factors: readonly number[]) =>
    cases.map((each, index) => {
      const weights = fitted[index].map((weight, part) => factors[part] * weight);
      return METRICS['ndcg@10'](rankOf(each, evidence[index], weights, scores));
    });
  let factors: number[] = new Array(parts).fill(1);
  let gains = gainsOf(factors);
  const rounds = parts > 1 ? ROUNDS : 1;
  const step = stage(rounds * parts * FACTORS.length);
  for (let turn = 0; turn < rounds * parts; turn++) {
    const part = turn % parts;
    const before = factors;
    for (const factor of FACTORS) {
      step();
      if (factor === before[part]) continue;
      const tried = before.with(part, factor);
      const each = gainsOf(tried);
      if (!isBetter(each, gains)) continue;
      factors = tried;
      gains = each;
    }
  }
  return { factors, ndcg: cases.length > 0 ? mean(gains) : 0 };
}

/** Whether the mean of paired differences is more than one standard error above 0. */
function isBetter(gains: readonly number[], than: readonly number[]): boolean {
  const differences = gains.map((gain, index) => gain - than[index]);
  const average = mean(differences);
  const variance = mean(differences.map((difference) => (difference - average) ** 2));
  return average > Math.sqrt(variance / differences.length);
}

/** Of the target, from 0: exact below `LIST`, Infinity beyond. `scores` is written to. */
function rankOf(
  { logProbs, allowed, target }: FitCase,
  { items, parts }: Evidence,
  weights: readonly number[],
  scores: Float64Array,
): number {
  scores.set(logProbs);
  for (let part = 0; part < parts.length; part++) {
    const [weight, values] = [weights[part], parts[part]];
    for (let i = 0; i < items.length; i++) scores[items[i]] += weight * values[i];
  }
  let better = 0;
  for (let item = 0; item < scores.length; item++) {
    if (scores[item] <= scores[target] || allowed[item] === 0) continue;
    if (++better === LIST) return Infinity;
  }
  return better;
}
