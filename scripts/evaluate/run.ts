/** Makes and ranks all lists of an evaluation. */

import type { Model } from '../../worker/models/model.ts';
import type { RankerName } from '../../worker/recommend/rankers/index.ts';
import { type Case, type Dataset, heldOut, type Split, untilTest } from '../dataset.ts';
import { UserError } from '../errors.ts';
import { seededRandom, shuffled } from '../random.ts';
import { indexed, indexedCase, trainingLog, unseenCases } from './cases.ts';
import { type Lists, modelLists, servedAfter, yardstickLists } from './lists.ts';
import { type ProbeResult, probe } from './probes.ts';
import { Tally, type TallySummary } from './tally.ts';
import { fitAll, type Progress } from './yardsticks/tune.ts';
import type { Settings } from './yardsticks/yardstick.ts';

/** Validation cases that yardsticks are tuned on, at most. */
const TUNING_CASES = 2000;
const SEED = 1;

export type Summary = TallySummary & ProbeResult;

export interface EvaluationOptions {
  split: Split;
  rankers: RankerName[];
  /** Width of the beam search. */
  beam: number;
  /** So many cases of a fixed shuffle. @default all */
  cases?: number;
  /** Whether histories are also cut to their newest items. @default true */
  cuts?: boolean;
  /** Whether simple methods are left out. @default false */
  alone?: boolean;
}

export interface Evaluation {
  cases: Case[];
  /** Each case's rank from 0, Infinity when it is not listed, by ranker and yardstick. */
  ranks: Map<string, number[]>;
  results: Record<string, Summary>;
  yardsticks: Record<string, Summary & { settings: Settings }>;
}

export async function evaluate(
  model: Model,
  dataset: Dataset,
  options: EvaluationOptions,
  progress: Progress,
): Promise<Evaluation> {
  const items = model.catalogue.size;
  const users = indexed(dataset, model);
  const drawn = (all: Case[], most?: number) => shuffled(all, seededRandom(SEED)).slice(0, most);
  const cases = drawn(unseenCases(model, dataset, options.split), options.cases);
  if (cases.length === 0) {
    throw new UserError(`the data holds nothing out for ${options.split}`);
  }
  const tuned: ReturnType<typeof fitAll> = options.alone
    ? new Map()
    : fitAll(
        {
          log: trainingLog(dataset, users, model),
          validation: drawn(heldOut(dataset, 'valid'), TUNING_CASES).map((one) => {
            const { history, taken, target } = indexedCase(one, users, model);
            return { history: taken, target, allowed: () => servedAfter(history, model) };
          }),
          ...(model.manifest.refit && { whole: trainingLog(untilTest(dataset), users, model) }),
        },
        progress,
      );
  const ranks = new Map<string, number[]>();

  /** Of each ranker or yardstick that makes `lists`. */
  async function summaries(lists: Lists): Promise<Record<string, Summary>> {
    const tallies = new Map<string, Tally>();
    for (const one of cases) {
      const { history, target, repeat } = indexedCase(one, users, model);
      const allowed = servedAfter(history, model);
      const whole = await lists(history, allowed);
      for (const [name, list] of whole) {
        if (!tallies.has(name)) tallies.set(name, new Tally(items));
        tallies.get(name)!.add(list, target, { length: history.length, repeat });
      }
      // Rankers read less, but what the user had before stays hidden: every cut ranks the same items.
      for (const newest of options.cuts === false ? [] : Tally.CUTS) {
        const cut = history.length <= newest ? whole : await lists(history.subarray(-newest), allowed);
        for (const [name, list] of cut) tallies.get(name)!.addCut(newest, list, target);
      }
      step();
    }
    const probes = await probe(lists, model);
    for (const [name, tally] of tallies) ranks.set(name, tally.ranks);
    return Object.fromEntries(
      [...tallies].map(([name, tally]) => [name, { ...tally.summary(), ...probes.get(name)! }]),
    );
  }

  const step = progress.stage('lists')((options.alone ? 1 : 2) * cases.length);
  const results = await summaries(modelLists(model, options.rankers, options.beam));
  const ofYardsticks = options.alone ? {} : await summaries(yardstickLists(tuned, model));
  const yardsticks = Object.fromEntries(
    Object.entries(ofYardsticks).map(([name, each]) => [
      name,
      { ...each, settings: tuned.get(name)!.settings },
    ]),
  );
  return { cases, ranks, results, yardsticks };
}
