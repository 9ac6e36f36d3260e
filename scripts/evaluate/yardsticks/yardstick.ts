/** What every yardstick is: a simple method, fitted on the training part and tuned on validation. */
import { NO_STEP, type Step } from '../../progress.ts';
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
  /**
   * Counts what all settings share, once; the returned function makes a scorer for given settings, and says
   * how far it is in parts of a step, which come to less than a whole one.
   */
  fit(log: TrainingLog): (settings: Settings, step?: Step) => Scorer;
}

/** What counting is, about, of the work of the settings that need it. */
export const COUNTING = 0.9;

/** All combinations of the given values. */
export function combinations(values: Record<string, readonly number[]>): Settings[] {
  return Object.entries(values).reduce<Settings[]>(
    (all, [name, each]) => all.flatMap((settings) => each.map((value) => ({ ...settings, [name]: value }))),
    [{}],
  );
}

/** Computes a result when its settings are not those of the call before. */
export function memoised<T>(
  compute: (settings: Settings, step: Step) => T,
): (settings: Settings, step?: Step) => T {
  let last: { key: string; result: T } | undefined;
  return (settings, step = NO_STEP) => {
    const key = JSON.stringify(settings);
    if (last?.key !== key) last = { key, result: compute(settings, step) };
    return last.result;
  };
}
