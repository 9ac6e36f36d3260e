/** Hit rates from sums per group of users, with intervals that hold although a user's lists are alike. */

export interface Sums {
  model: string;
  ranker: string;
  variant: string;
  bucket: number;
  judged: number;
  hits: number;
}

export interface HitRate {
  model: string;
  ranker: string;
  variant: string;
  judged: number;
  rate: number;
  /** Half of the 95 % interval; null for fewer than two groups. */
  margin: number | null;
}

/** Of the normal distribution. */
const Z = 1.96;

/** One per maker of lists, those judged most first. A ratio's variance is that of its groups' residuals. */
export function hitRates(sums: readonly Sums[]): HitRate[] {
  const makers = Map.groupBy(sums, ({ model, ranker, variant }) => JSON.stringify([model, ranker, variant]));
  const rates = [...makers.values()].map((groups) => {
    const [{ model, ranker, variant }] = groups;
    const judged = groups.reduce((sum, group) => sum + group.judged, 0);
    const rate = judged === 0 ? 0 : groups.reduce((sum, group) => sum + group.hits, 0) / judged;
    const seen = groups.filter((group) => group.judged > 0);
    const squares = seen.reduce((sum, group) => sum + (group.hits - rate * group.judged) ** 2, 0);
    const error = Math.sqrt((squares * seen.length) / (seen.length - 1)) / judged;
    return { model, ranker, variant, judged, rate, margin: seen.length < 2 ? null : Z * error };
  });
  return rates.filter(({ judged }) => judged > 0).sort((a, b) => b.judged - a.judged);
}
