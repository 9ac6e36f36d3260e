/** What became of lists, by who made them, with intervals. */
import type { OutcomeSums, OutcomeTotals } from '../../worker/outcomes/outcomes.ts';
import type { Maker } from '../../worker/outcomes/served.ts';
import { seededRandom } from '../random.ts';

export type Totals = OutcomeTotals;

/** Resamples of the bootstrap. */
const RESAMPLES = 2000;
/** Fewer judged lists say nothing yet. */
export const LEAST_JUDGED = 100;

export type Metric = 'hit_rate' | 'reciprocal_rank';
export type Interval = [low: number, high: number];

export interface MakerReport extends Maker {
  judged: number;
  coverage: number;
  clicked: number;
  bought: number;
  hit_rate: number;
  reciprocal_rank: number;
  intervals: Record<Metric, Interval>;
}

export interface Comparison {
  first: string;
  second: string;
  /** Of the hit rate, second minus first. */
  difference: number;
  interval: Interval;
  /** `yes`: the interval excludes zero. `no`: it does not. `too early`: there are too few judged lists. */
  differs: 'yes' | 'no' | 'too early';
}

interface Group {
  maker: Maker;
  /** One per bucket of users. */
  buckets: OutcomeSums[];
}

const SUMS: Record<Metric, (sums: OutcomeSums) => number> = {
  hit_rate: ({ hits }) => hits,
  reciprocal_rank: ({ reciprocal }) => reciprocal,
};

export const nameOf = ({ model, ranker, variant }: Maker) =>
  variant ? `${variant} (${ranker}, ${model})` : `${ranker}, ${model}`;

/** Each maker's rates, with 95 % intervals over buckets of users: a user's lists are not independent. */
export function reportOf({ sums, coverage }: Totals): MakerReport[] {
  return groupsOf(sums).map(({ maker, buckets }) => {
    const total = (of: (each: OutcomeSums) => number) => buckets.reduce((all, each) => all + of(each), 0);
    const same = (other: Maker) => nameOf(other) === nameOf(maker);
    return {
      ...maker,
      judged: total(({ judged }) => judged),
      coverage: coverage.find(same)?.items ?? 0,
      clicked: total(({ clicked }) => clicked),
      bought: total(({ bought }) => bought),
      hit_rate: rate(buckets, 'hit_rate'),
      reciprocal_rank: rate(buckets, 'reciprocal_rank'),
      intervals: {
        hit_rate: intervalOf([buckets], ([all]) => rate(all, 'hit_rate')),
        reciprocal_rank: intervalOf([buckets], ([all]) => rate(all, 'reciprocal_rank')),
      },
    };
  });
}

/** Every pair of makers, by hit rate. */
export function comparisons({ sums }: Totals): Comparison[] {
  const groups = groupsOf(sums);
  return groups.flatMap((first, at) =>
    groups.slice(at + 1).map((second): Comparison => {
      const difference = ([a, b]: OutcomeSums[][]) => rate(b, 'hit_rate') - rate(a, 'hit_rate');
      const both = [first.buckets, second.buckets];
      const interval = intervalOf(both, difference);
      const few = both.some((buckets) => buckets.reduce((all, { judged }) => all + judged, 0) < LEAST_JUDGED);
      const excludesZero = interval[0] > 0 || interval[1] < 0;
      return {
        first: nameOf(first.maker),
        second: nameOf(second.maker),
        difference: difference(both),
        interval,
        differs: few ? 'too early' : excludesZero ? 'yes' : 'no',
      };
    }),
  );
}

function groupsOf(sums: readonly OutcomeSums[]): Group[] {
  const groups = Map.groupBy(sums, nameOf);
  return [...groups.values()]
    .map((buckets) => ({ maker: makerOf(buckets[0]), buckets }))
    .sort((a, b) => (nameOf(a.maker) < nameOf(b.maker) ? -1 : 1));
}

const makerOf = ({ model, ranker, variant }: OutcomeSums): Maker => ({ model, ranker, variant });

function rate(buckets: readonly OutcomeSums[], metric: Metric): number {
  const judged = buckets.reduce((all, each) => all + each.judged, 0);
  return buckets.reduce((all, each) => all + SUMS[metric](each), 0) / Math.max(1, judged);
}

/** 95 % percentile bootstrap: buckets are drawn anew, with replacement, from each group by itself. */
function intervalOf(groups: OutcomeSums[][], of: (groups: OutcomeSums[][]) => number): Interval {
  const random = seededRandom(1);
  const values = Array.from({ length: RESAMPLES }, () =>
    of(groups.map((all) => all.map(() => all[Math.floor(random() * all.length)]))),
  ).sort((a, b) => a - b);
  return [values[Math.floor(0.025 * RESAMPLES)], values[Math.ceil(0.975 * RESAMPLES) - 1]];
}
