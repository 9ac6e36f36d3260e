/** Fits yardsticks, and chooses the settings of each by NDCG@10 on validation. */
import { Best } from '../../../worker/engine/best.ts';
import { NO_STEP, type Stage, type Step } from '../../progress.ts';
import { LIST_LENGTH, METRICS, mean, rankIn, rounded } from '../metrics.ts';
import { YARDSTICKS } from './index.ts';
import { byPopularity, countsOf, onlyTargets, type TrainingLog } from './training-log.ts';
import type { Scorer, Settings, Yardstick } from './yardstick.ts';

export interface Progress {
  say(line: string): void;
  stage(label: string): Stage;
}

/** The best allowed items after a history, best first. `allowed` has one byte per item, 1 or 0. */
export type ListOf = (history: ArrayLike<number>, allowed: Uint8Array) => number[];

export interface ValidationCase {
  /** Items, oldest first. */
  history: Int32Array;
  target: number;
  /** What a list may hold. */
  allowed(): Uint8Array;
}

export interface Tuned {
  list: ListOf;
  settings: Settings;
  /** NDCG@10 on validation. */
  validation: number;
}

interface Fitting {
  /** What settings are tried on. */
  log: TrainingLog;
  validation: readonly ValidationCase[];
  /** What the chosen settings are fitted to in the end. @default `log` */
  whole?: TrainingLog;
}

/**
 * Every yardstick that suits the size of the catalogue, by name. Where only some events are what a list
 * should lead to, each is also fitted on these alone, and validation chooses.
 */
export function fitAll(
  { log, validation, whole = log }: Fitting,
  { say, stage }: Progress,
  yardsticks: Readonly<Record<string, Yardstick>> = YARDSTICKS,
): Map<string, Tuned> {
  const occurring = countsOf(log).filter((count) => count > 0).length;
  const tuned = new Map<string, Tuned>();
  for (const [name, yardstick] of Object.entries(yardsticks)) {
    if (occurring > (yardstick.maxItems ?? Infinity)) {
      say(`${name}: left out, ${occurring} items are more than ${yardstick.maxItems}`);
      continue;
    }
    const start = performance.now();
    const parts = log.targets ? [asItIs, onlyTargets] : [asItIs];
    const step = stage(name)(parts.length * yardstick.grid.length);
    const { part, ...best } = parts
      .map((part) => ({ part, ...tune(yardstick, part(log), validation, step) }))
      .reduce((a, b) => (b.validation > a.validation ? b : a));
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    say(`${name} ${JSON.stringify(best.settings)}: NDCG@10 ${best.validation} on validation, ${seconds} s`);
    tuned.set(name, whole === log ? best : { ...best, list: fitted(yardstick, part(whole), best.settings) });
  }
  return tuned;
}

/** Of equally good settings the first in the grid is taken. Each setting is a step. */
export function tune(
  yardstick: Yardstick,
  log: TrainingLog,
  validation: readonly ValidationCase[],
  step: Step = NO_STEP,
): Tuned {
  const scorerFor = yardstick.fit(log);
  const order = byPopularity(log);
  let best: Tuned | undefined;
  for (const settings of yardstick.grid) {
    let counted = 0;
    const scorer = scorerFor(settings, (part = 1) => {
      counted += part;
      step(part);
    });
    const list = listsBy(scorer, order);
    if (validation.length === 0) step(1 - counted);
    const gains = validation.map(({ history, target, allowed }) => {
      step((1 - counted) / validation.length);
      return METRICS['ndcg@10'](rankIn(list(history, allowed()), target));
    });
    const ndcg = gains.length > 0 ? rounded(mean(gains)) : 0;
    if (best === undefined || ndcg > best.validation) best = { list, settings, validation: ndcg };
  }
  return best!;
}

const asItIs = (log: TrainingLog) => log;

function fitted(yardstick: Yardstick, log: TrainingLog, settings: Settings): ListOf {
  return listsBy(yardstick.fit(log)(settings, NO_STEP), byPopularity(log));
}

/** Lists by score. Of equal scores the more popular item comes first, then the first in the catalogue. */
export function listsBy(score: Scorer, order: Int32Array): ListOf {
  const scores = new Float64Array(order.length);
  return (history, allowed) => {
    scores.fill(0);
    score(history, scores);
    const best = new Best(LIST_LENGTH);
    for (let place = 0; place < order.length; place++) {
      const item = order[place];
      if (allowed[item] === 1 && scores[item] > best.worst) best.offer(place, scores[item]);
    }
    return Array.from(best.ids.subarray(0, best.count), (place) => order[place]);
  };
}
