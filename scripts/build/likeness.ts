/**
 * How strongly new items follow what they are like, by the lists that it makes. A fifth of the trained items
 * are added to a model of all others as if they were new. The strength is the largest with which lists have
 * the others about as often as without new items: nobody gives up what sells for what might.
 */
import type { HistoryState } from '../../worker/engine/decoder.ts';
import { NO_ROWS } from '../../worker/memory/live-rows.ts';
import { loadModel, type Model } from '../../worker/models/model.ts';
import { given, type NoCache, type Source } from '../../worker/recommend/states.ts';
import { listAfter, prefilledOnce, withItems } from '../cold/added.ts';
import { datasetWithout } from '../cold/hold-out.ts';
import { type Dataset, heldOut } from '../dataset.ts';
import { memorySource, nodeRuntime } from '../node-model.ts';
import { SILENT } from '../progress.ts';
import { seededRandom, shuffled } from '../random.ts';
import { type BuiltModel, buildModel, withDefaults, withMemory } from './build-model.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type BuiltMemory, countedAnew } from './memory/build-memory.ts';

/** Of the items, those that are taken for new. */
const SHARE = 0.2;
const SEED = 1;
/** Validation items that decide. */
const MOST_CASES = 3000;
/**
 * Of the HR@10 that others have without new items, what has to be left. NDCG@10 would tell hardly more: the
 * standard errors of its differences are 2.2 % of it on these cases of Beauty, and 2.4 % of HR@10.
 */
const LEFT = 0.995;
/** What is tried: none, and from .003 to 10 in steps of a tenth. */
const STRENGTHS = [
  0,
  ...Array.from({ length: 86 }, (_, step) => Number((0.003 * 1.1 ** step).toPrecision(2))),
];

/** Undefined where there is nothing to tell by. */
export async function fitFollowed(
  checkpoint: Checkpoint,
  { manifest }: BuiltModel,
  dataset: Dataset,
  memory: BuiltMemory,
  stage = SILENT,
): Promise<number | undefined> {
  const drawn = shuffled(checkpoint.items, seededRandom(SEED));
  const added = drawn.slice(0, Math.round(SHARE * drawn.length));
  const gone = new Set(added.map(({ id }) => id));
  const cases = shuffled(heldOut(dataset, 'valid'), seededRandom(SEED))
    .filter(({ target }) => !gone.has(target))
    .slice(0, MOST_CASES);
  if (added.length === 0 || cases.length === 0) return undefined;
  const step = stage(cases.length);
  const without = await modelWithout(gone, checkpoint, manifest, dataset, memory);
  const models = ofStrengths(await withItems(without, added));
  let before = 0;
  const left = STRENGTHS.map(() => 0);
  for (const { events, target } of cases) {
    before += Number((await listAfter(without, given(events))).includes(target));
    const history = await prefilledOnce(models[0], events);
    const listing = await howManyList(models, history, target);
    for (let at = 0; at < listing; at++) left[at]++;
    step();
  }
  if (before === 0 || left[0] === 0) return undefined;
  // What histories with new items cost the others comes with any strength, so it is no reason against one.
  const enough = LEFT * Math.min(before, left[0]);
  return STRENGTHS.findLast((_, at) => left[at] >= enough);
}

/** Of the models, how many list the target: the first ones, as it only falls while new items rise. */
async function howManyList(models: Model[], history: Source<NoCache>, target: string): Promise<number> {
  const lists = async (at: number) => (await listAfter(models[at], history)).includes(target);
  if (!(await lists(0))) return 0;
  let [yes, no] = [0, models.length];
  while (no - yes > 1) {
    const middle = (yes + no) >> 1;
    if (await lists(middle)) yes = middle;
    else no = middle;
  }
  return no;
}

/** The model of all other items, with the same defaults, and the memory counted without them. */
async function modelWithout(
  gone: ReadonlySet<string>,
  checkpoint: Checkpoint,
  { name, precision, ranker, includeSeen }: BuiltModel['manifest'],
  dataset: Dataset,
  memory: BuiltMemory,
): Promise<Model> {
  const runtime = nodeRuntime();
  const load = ({ files }: BuiltModel) => loadModel(memorySource(files), runtime);
  const built = buildModel(checkpointWithout(checkpoint, gone), name, precision);
  const counted = countedAnew(await load(built), datasetWithout(dataset, gone), memory);
  return load(withDefaults(withMemory(built, counted), { ranker, includeSeen }));
}

function checkpointWithout(checkpoint: Checkpoint, gone: ReadonlySet<string>): Checkpoint {
  const { config, items, trainedItems, semanticIds, matrix } = checkpoint;
  const kept = [...items.keys()].filter((item) => !gone.has(items[item].id));
  return {
    ...checkpoint,
    config: { ...config, items: kept.length },
    items: kept.map((item) => items[item]),
    trainedItems: kept.filter((item) => item < trainedItems).length,
    semanticIds: Int32Array.from(rowsOf(semanticIds, config.levels, kept)),
    matrix(name) {
      const whole = matrix(name);
      if (name !== 'item.weight') return whole;
      return {
        ...whole,
        rows: kept.length,
        data: Float32Array.from(rowsOf(whole.data, whole.columns, kept)),
      };
    },
  };
}

function* rowsOf(table: ArrayLike<number>, columns: number, rows: readonly number[]): Generator<number> {
  for (const row of rows) for (let at = 0; at < columns; at++) yield table[row * columns + at];
}

/** The model once per strength. They share the log-probabilities of the state that was asked for last. */
function ofStrengths(model: Model): Model[] {
  const { catalogue, memory } = model;
  let last: { state: HistoryState; logProbs: Promise<Float32Array> } | undefined;
  const itemLogProbs: Model['itemLogProbs'] = (state) => {
    if (last?.state !== state) last = { state, logProbs: model.itemLogProbs(state) };
    return last.logProbs;
  };
  return STRENGTHS.map((followed) => {
    const ofStrength = memory!.extended(catalogue.size, NO_ROWS, { ...memory!.borrowed, followed });
    return Object.create(model, { memory: { value: ofStrength }, itemLogProbs: { value: itemLogProbs } });
  });
}
