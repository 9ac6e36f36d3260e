/** Of times and ratios. */
import { randomInts, seededRandom } from '../random.ts';

/** The value below which the given share of `values` lies, by nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function round(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}

/** Resamples of a bootstrap; its seed is fixed, so that intervals repeat. */
const RESAMPLES = 1000;

/** 95% bootstrap interval of the ratio of two medians. Values of the same place were measured together. */
export function ratioInterval(
  above: readonly number[],
  below: readonly number[],
): [low: number, high: number] {
  const random = seededRandom(1);
  const ratios = Array.from({ length: RESAMPLES }, () => {
    const places = randomInts(random, above.length, above.length);
    return median(places.map((at) => above[at])) / median(places.map((at) => below[at]));
  });
  return [percentile(ratios, 0.025), percentile(ratios, 0.975)];
}
