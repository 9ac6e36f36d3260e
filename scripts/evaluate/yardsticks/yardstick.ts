/** What every yardstick is: a simple method, fitted on the training part and tuned on validation. */
import type { TrainingLog } from './training-log.ts';

/**
 * Adds the score of each item to `scores` (one place per item, all zero before). Only their order matters.
 * The history is given as item indices, oldest first.
 */
export type Scorer = (history: ArrayLike<number>, scores: Float64Array) => void;

/** Values of a method's hyperparameters. */
export type Settings = Readonly<Record<string, number>>;

export interface Yardstick {
  /** The settings that validation chooses from. */
  grid: readonly Settings[];
  /** The largest catalogue, in items that occur in training, for which fitting takes reasonable time. */
  maxItems?: number;
  /** Counts what all settings share, once; the returned function makes a scorer for given settings. */
  fit(log: TrainingLog): (settings: Settings) => Scorer;
}

/** All combinations of the given values. */
export function combinations(values: Record<string, readonly number[]>): Settings[] {
  return Object.entries(values).reduce<Settings[]>(
    (all, [name, each]) => all.flatMap((settings) => each.map((value) => ({ ...settings, [name]: value }))),
    [{}],
  );
}

/** Computes each result once per settings. */
export function memoised<T>(compute: (settings: Settings) => T): (settings: Settings) => T {
  const known = new Map<string, T>();
  return (settings) => {
    const key = JSON.stringify(settings);
    if (!known.has(key)) known.set(key, compute(settings));
    return known.get(key)!;
  };
}
