/** What ranks and lists are worth. A rank counts from 0; Infinity is a target that the list does not have. */
import { seededRandom } from '../random.ts';

/** Items that a list has, for the widest of the metrics. */
export const LIST_LENGTH = 20;
/** Resamples of a bootstrap; its seed is fixed, so that intervals repeat. */
const RESAMPLES = 1000;

/** Where an item stands in a list, from 0; Infinity when the list does not have it. */
export function rankIn<Id>(list: readonly Id[], item: Id): number {
  const rank = list.indexOf(item);
  return rank < 0 ? Infinity : rank;
}

export type MetricName = `${'hr' | 'ndcg'}@${5 | 10 | 20}`;
export type Metrics = Record<MetricName, number>;
export type Interval = [low: number, high: number];

const hit = (k: number) => (rank: number) => (rank < k ? 1 : 0);
/** Normalised discounted cumulative gain with one relevant item. */
const gain = (k: number) => (rank: number) => (rank < k ? 1 / Math.log2(rank + 2) : 0);

/** What a rank is worth in each metric. */
export const METRICS: Record<MetricName, (rank: number) => number> = {
  'hr@5': hit(5),
  'hr@10': hit(10),
  'hr@20': hit(20),
  'ndcg@5': gain(5),
  'ndcg@10': gain(10),
  'ndcg@20': gain(20),
};

/** The metrics that have intervals. */
type Headline = 'hr@10' | 'ndcg@10';

/** The mean of each metric. */
export function metricsOf(ranks: number[]): Metrics {
  const means = Object.entries(METRICS).map(([name, of]) => [name, rounded(mean(ranks.map(of)))]);
  return Object.fromEntries(means) as Metrics;
}

/** 95% bootstrap intervals of HR@10 and NDCG@10: cases drawn with replacement. */
export function intervalsOf(ranks: number[]): Record<Headline, Interval> {
  return headlines((of) => interval(ranks.map(of)));
}

/**
 * 95% bootstrap interval of the mean. Of differences between two models on the same cases it is the paired
 * one (Efron and Tibshirani 1993).
 */
export function interval(values: number[]): Interval {
  const random = seededRandom(1);
  const means = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[Math.floor(random() * values.length)];
    return sum / values.length;
  }).sort();
  return [rounded(means[Math.floor(0.025 * RESAMPLES)]), rounded(means[Math.floor(0.975 * RESAMPLES)])];
}

/** `second` over `first` in HR@10 and NDCG@10, case by case, with paired intervals. */
export function pairedDifference(
  first: number[],
  second: number[],
): Record<Headline, { mean: number; interval95: Interval }> {
  return headlines((of) => {
    const each = first.map((rank, i) => of(second[i]) - of(rank));
    return { mean: rounded(mean(each)), interval95: interval(each) };
  });
}

function headlines<T>(measure: (of: (rank: number) => number) => T): Record<Headline, T> {
  return { 'hr@10': measure(METRICS['hr@10']), 'ndcg@10': measure(METRICS['ndcg@10']) };
}

/** What first-ten lists make of a catalogue of `items`, given how often each item stands in one. */
export function spreadOf(counts: Float64Array): { 'coverage@10': number; 'gini@10': number } {
  const sorted = counts.slice().sort();
  const total = sorted.reduce((sum, count) => sum + count, 0);
  const weighted = sorted.reduce((sum, count, i) => sum + (i + 1) * count, 0);
  const n = sorted.length;
  return {
    'coverage@10': rounded(sorted.filter((count) => count > 0).length / n),
    'gini@10': rounded((2 * weighted) / (n * total) - (n + 1) / n),
  };
}

/** Ends of the groups of history lengths that are told apart. */
const HISTORY_ENDS = [5, 10, 20, 50, 100, 200, 500, Infinity];

/** HR@10 and NDCG@10 of the cases with so many items before them, for the groups that have any. */
export function byHistory(ranks: number[], lengths: number[]) {
  const groups = HISTORY_ENDS.map((end, i) => {
    const start = i === 0 ? 0 : HISTORY_ENDS[i - 1] + 1;
    const name = end === Infinity ? `${start}+` : `${start}-${end}`;
    return [name, ranks.filter((_, row) => lengths[row] >= start && lengths[row] <= end)] as const;
  });
  return Object.fromEntries(
    groups
      .filter(([, group]) => group.length > 0)
      .map(([name, group]) => {
        const metrics = metricsOf(group);
        return [name, { cases: group.length, 'hr@10': metrics['hr@10'], 'ndcg@10': metrics['ndcg@10'] }];
      }),
  );
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function rounded(value: number): number {
  return Number(value.toFixed(5));
}
