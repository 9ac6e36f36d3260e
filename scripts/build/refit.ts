/** The model of a refit: what validation chose, with weights and counts of all before the test items. */
import { loadModel } from '../../worker/models/model.ts';
import { type Dataset, untilTest } from '../dataset.ts';
import { memorySource, nodeRuntime } from '../node-model.ts';
import { type BuiltModel, withDefaults, withFollowed, withMemory } from './build-model.ts';
import { type BuiltMemory, countedAnew } from './memory/build-memory.ts';

/** @param chosen the model that was chosen on validation, with its memory; `refit` has no memory yet */
export async function withChoices(
  refit: BuiltModel,
  chosen: BuiltModel,
  dataset: Dataset,
  memory: BuiltMemory,
): Promise<BuiltModel> {
  const { ranker, includeSeen, words } = chosen.manifest;
  const model = await loadModel(memorySource(refit.files), nodeRuntime());
  const counted = countedAnew(model, untilTest(dataset), memory);
  const same = withDefaults(withMemory(refit, counted), { ranker, includeSeen });
  return words?.followed === undefined ? same : withFollowed(same, words.followed);
}
