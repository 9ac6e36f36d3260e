/** What the memory is counted from (training items) and fitted on (validation items). */
import { itemOf } from '../../../worker/engine/token.ts';
import type { Model } from '../../../worker/models/model.ts';
import { type Dataset, heldOut } from '../../dataset.ts';
import { type IndexedCase, indexed, indexedCase, trainingLog } from '../../evaluate/cases.ts';
import { contextWindow, servedAfter } from '../../evaluate/lists.ts';
import type { TrainingLog } from '../../evaluate/yardsticks/training-log.ts';
import { SILENT } from '../../progress.ts';
import { seededRandom, shuffled } from '../../random.ts';
import type { FitCase } from './fit.ts';

/** Most validation items. Each is used twice: after its whole history, and after the newest part of it. */
const MOST_CASES = 8000;
/** Most log-probabilities that are kept, 4 bytes each. */
const MOST_VALUES = 2e8;
/** A part has at most this many items: longer histories are as good as whole. */
const LONGEST_PART = 128;

/** A validation item and the history before it, in the model's item indices. */
export interface ValidationCase extends FitCase {
  history: number[];
}

/** Each user's training items, oldest first, and which of them a list should lead to. */
export function trainingHistories(dataset: Dataset, model: Model): TrainingLog {
  return trainingLog(dataset, indexed(dataset, model), model);
}

/** A sample of the validation items, the same every time, with the decoder's log-probabilities. */
export async function validationCases(
  dataset: Dataset,
  model: Model,
  stage = SILENT,
): Promise<ValidationCase[]> {
  const random = seededRandom(1);
  const most = Math.min(MOST_CASES, Math.floor(MOST_VALUES / 2 / model.catalogue.size));
  const users = indexed(dataset, model);
  const drawn: IndexedCase[] = [];
  for (const each of shuffled(heldOut(dataset, 'valid'), random)) {
    if (drawn.length === most) break;
    const one = indexedCase(each, users, model);
    if (!isEmpty(one.history, model) && servedAfter(one.history, model)[one.target] === 1) drawn.push(one);
  }
  const cases: ValidationCase[] = [];
  const step = stage(drawn.length);
  for (const { history, target } of drawn) {
    cases.push(await caseOf(model, history, target));
    const part = history.subarray(-partOf(history.length, random()));
    if (part.length < history.length && !isEmpty(part, model)) cases.push(await caseOf(model, part, target));
    step();
  }
  return cases;
}

const isEmpty = (history: Int32Array, model: Model) => contextWindow(history, model).length === 0;

/** From 1 to the whole, short parts as often as long ones: even in the logarithm. `chance` is from 0 to 1. */
function partOf(length: number, chance: number): number {
  return Math.floor(Math.min(length, LONGEST_PART) ** chance);
}

async function caseOf(model: Model, tokens: Int32Array, target: number): Promise<ValidationCase> {
  const window = contextWindow(tokens, model);
  const logProbs = await model.itemLogProbs(await model.prefill(window));
  const history = window.map(itemOf);
  return { history, length: history.length, target, logProbs, allowed: servedAfter(tokens, model) };
}
