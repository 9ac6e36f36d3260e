/** The memory of transitions of a model: counted in the training data, fitted on validation. */
import { Memory, type MemoryOptions } from '../../../worker/memory/memory.ts';
import type { Model } from '../../../worker/models/model.ts';
import type { Dataset } from '../../dataset.ts';
import { SILENT } from '../defaults.ts';
import { trainingHistories, type ValidationCase, validationCases } from './cases.ts';
import { countTransitions } from './counts.ts';
import { type Evidence, fitWeights } from './fit.ts';
import { bestScale } from './scale.ts';
import { memoryTable } from './table.ts';

/** What is the same for every data set; docs/log.md has the measurements. */
const REVERSE = 0.25;
const MOST_SUCCESSORS = 64;
const NEWEST = 20;

/** What is tried. The first of each is where the search begins. */
const GRID = {
  decay: [0.7, 0.3, 0.5, 0.85, 0.95],
  /** In units of an even share, 1 / items. */
  smoothing: [2, 0.5, 8, 32],
  shrinkage: [50, 10, 200, 2, 0],
  /** Steps between two items that count as one after the other. */
  distances: [10, 5],
};
type Settings = Record<keyof typeof GRID, number>;

export interface BuiltMemory {
  /** As `worker/memory/layout.ts` says. */
  file: Uint8Array<ArrayBuffer>;
  options: MemoryOptions;
  /** How it came about, for people. */
  report: {
    cases: number;
    shrinkage: number;
    distances: number;
    /** Of the likeliest weights: what ranks best. */
    factor: number;
    /** NDCG@10 of the cases. */
    ndcg: number;
    likelihood: number;
    decoderLikelihood: number;
  };
}

interface Candidate extends Pick<BuiltMemory, 'file' | 'options'> {
  likelihood: number;
}

/** `model` has no memory yet. The same model and data give the same memory. */
export async function buildMemory(model: Model, dataset: Dataset, stage = SILENT): Promise<BuiltMemory> {
  const items = model.catalogue.items.length;
  const log = trainingHistories(dataset, model);
  const counted = new Map(
    GRID.distances.map((distances) => [distances, countTransitions(log, { distances, reverse: REVERSE })]),
  );
  const cases = await validationCases(dataset, model);
  let parameters: Float64Array | undefined;
  const step = stage(1 + Object.values(GRID).reduce((sum, { length }) => sum + length - 1, 0));

  function candidate({ decay, smoothing, shrinkage, distances }: Settings): Candidate {
    const file = memoryTable(counted.get(distances)!, { most: MOST_SUCCESSORS, shrinkage });
    const options = { newest: NEWEST, decay, smoothing: smoothing / items, weights: [1] };
    const memory = new Memory(file, items, options);
    const fit = fitWeights(
      cases,
      cases.map(({ history }) => evidenceOf(memory, history)),
      parameters,
    );
    step();
    parameters = fit.parameters; // the next candidate is not far
    return { file, options: { ...options, weights: fit.weights }, likelihood: fit.likelihood };
  }

  const settings: Settings = {
    decay: GRID.decay[0],
    smoothing: GRID.smoothing[0],
    shrinkage: GRID.shrinkage[0],
    distances: GRID.distances[0],
  };
  let best = candidate(settings);
  for (const name of Object.keys(GRID) as (keyof Settings)[]) {
    for (const value of GRID[name].slice(1)) {
      const tried = candidate({ ...settings, [name]: value });
      if (tried.likelihood <= best.likelihood) continue;
      best = tried;
      settings[name] = value;
    }
  }
  const { file, likelihood } = best;
  const fitted = new Memory(file, items, best.options);
  const scale = bestScale(
    cases,
    cases.map(({ history }) => evidenceOf(fitted, history)),
    (length) => fitted.weight(length),
  );
  const options = { ...best.options, weights: best.options.weights.map((weight) => scale.factor * weight) };
  const report = {
    cases: cases.length,
    shrinkage: settings.shrinkage,
    distances: settings.distances,
    factor: scale.factor,
    ndcg: scale.ndcg,
    likelihood,
    decoderLikelihood: fitWeights(
      cases,
      cases.map(() => NOTHING),
    ).likelihood,
  };
  return { file, options, report };
}

const NOTHING: Evidence = { items: new Int32Array(), values: new Float64Array() };

/** log((q + s) / s) of the items with q > 0. */
function evidenceOf(memory: Memory, history: ValidationCase['history']): Evidence {
  const { items, values } = memory.scores(history);
  const { smoothing } = memory.options;
  return { items, values: values.map((value) => Math.log1p(value / smoothing)) };
}
