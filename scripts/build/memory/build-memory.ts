/** The memory of a model: counted in the training data, fitted on validation. */
import { Affinities, type AffinityOptions } from '../../../worker/memory/affinities.ts';
import { Memory, type MemoryOptions } from '../../../worker/memory/memory.ts';
import { weightAfter } from '../../../worker/memory/weight.ts';
import type { Model } from '../../../worker/models/model.ts';
import type { Dataset } from '../../dataset.ts';
import type { TrainingLog } from '../../evaluate/yardsticks/training-log.ts';
import type { CountOptions } from '../../evaluate/yardsticks/transitions.ts';
import { NO_STEP, SILENT, type Stage } from '../../progress.ts';
import { affinityFiles } from './affinities.ts';
import { trainingHistories, type ValidationCase, validationCases } from './cases.ts';
import { type CountedRow, countTransitions } from './counts.ts';
import { affinityEvidence, evidenceOf, transitionEvidence } from './evidence.ts';
import { type Evidence, type Fit, fitWeights } from './fit.ts';
import { bestScale, type Scale } from './scale.ts';
import { memoryTable } from './table.ts';

/** What is the same for every data set; docs/log.md has the measurements. */
const MOST_SUCCESSORS = 64;
const NEWEST = 20;
/** Affinities are with the taste, not with the moment, so they look back further. */
const NEWEST_FOR_AFFINITIES = 200;
/** NDCG@10 on validation that affinities have to bring to be worth their bytes. */
const WORTHWHILE = 0.001;

/** What is tried. The first of each is where the search begins. */
const GRID = {
  decay: [0.7, 0.3, 0.5, 0.85, 0.95],
  /** In units of an even share, 1 / items. */
  smoothing: [2, 0.5, 8, 32],
  shrinkage: [50, 10, 200, 2, 0],
  /** Steps between two items that count as one after the other. */
  distances: [10, 5],
  /** What an item that came before counts, as a share of one that came after. */
  reverse: [0.25, 1, 0.5, 0],
};
type Settings = Record<keyof typeof GRID, number>;
const AFFINITY_GRID = { lambda: [500, 100], decay: [1, 0.98] };

export interface BuiltMemory {
  /** As `worker/memory/layout.ts` says. */
  file: Uint8Array<ArrayBuffer>;
  options: MemoryOptions;
  /** None where they bring nothing, or there are too many items. `worker/memory/affinity-layout.ts` */
  affinities?: { file: Uint8Array<ArrayBuffer>; options: AffinityOptions };
  /** How it came about, for people. */
  report: {
    cases: number;
    shrinkage: number;
    distances: number;
    reverse: number;
    /** Of the likeliest weights: what ranks best. */
    factor: number;
    /** NDCG@10 of the cases. */
    ndcg: number;
    likelihood: number;
    decoderLikelihood: number;
    affinities?: { lambda: number; factor: number; ndcgWithout: number };
  };
}

interface Candidate<Options> {
  file: Uint8Array<ArrayBuffer>;
  options: Options;
  evidence: Evidence[];
  fit: Fit;
}

/** `model` has no memory yet. The same model and data give the same memory. */
export async function buildMemory(
  model: Model,
  dataset: Dataset,
  stage: (label: string) => Stage = () => SILENT,
): Promise<BuiltMemory> {
  const items = model.catalogue.size;
  const log = trainingHistories(dataset, model);
  const cases = await validationCases(dataset, model, stage('validation'));
  const { settings, best } = bestTransitions(log, cases, items, stage('memory'));
  const scale = scaleOf(cases, best, stage('weights'));
  const alone: BuiltMemory = {
    file: best.file,
    options: { ...best.options, weights: scaled(best.fit.weights[0], scale.factors[0]) },
    report: {
      cases: cases.length,
      shrinkage: settings.shrinkage,
      distances: settings.distances,
      reverse: settings.reverse,
      factor: scale.factors[0],
      ndcg: scale.ndcg,
      likelihood: best.fit.likelihood,
      decoderLikelihood: fitWeights(
        cases,
        cases.map(() => evidenceOf([])),
        0,
      ).likelihood,
    },
  };
  const pairs = bestAffinities(log, cases, items, best, stage('affinities'));
  if (!pairs) return alone;
  const { fit, lambda } = pairs;
  const both = scaleOf(cases, pairs, stage('weights'));
  if (both.ndcg < scale.ndcg + WORTHWHILE) return alone;
  return {
    file: best.file,
    options: { ...best.options, weights: scaled(fit.weights[0], both.factors[0]) },
    affinities: {
      file: pairs.file,
      options: { ...pairs.options, weights: scaled(fit.weights[1], both.factors[1]) },
    },
    report: {
      ...alone.report,
      factor: both.factors[0],
      ndcg: both.ndcg,
      likelihood: fit.likelihood,
      affinities: { lambda, factor: both.factors[1], ndcgWithout: scale.ndcg },
    },
  };
}

/** What was fitted, counted in other data: weights and settings stay. */
export function countedAnew(
  model: Model,
  dataset: Dataset,
  { options, affinities, report }: BuiltMemory,
): Pick<BuiltMemory, 'file' | 'options' | 'affinities'> {
  const log = trainingHistories(dataset, model);
  const { distances, reverse, shrinkage } = report;
  const rows = countTransitions(log, { distances, reverse, most: MOST_SUCCESSORS });
  const counted = { file: memoryTable(rows, { shrinkage }), options };
  const fileOf = affinities && report.affinities && affinityFiles(log);
  if (!fileOf) return counted;
  const file = fileOf(report.affinities!.lambda, NO_STEP);
  return { ...counted, affinities: { file, options: affinities.options } };
}

const scaled = (weights: readonly number[], factor: number) => weights.map((weight) => factor * weight);

function scaleOf(
  cases: readonly ValidationCase[],
  { evidence, fit: { weights } }: Pick<Candidate<unknown>, 'evidence' | 'fit'>,
  stage: Stage,
): Scale {
  const weightsAt = (length: number) => weights.map((each) => weightAfter(each, length));
  return bestScale(cases, evidence, weights.length, weightsAt, stage);
}

/** One setting after the other, each by likelihood. */
function bestTransitions(
  log: TrainingLog,
  cases: readonly ValidationCase[],
  items: number,
  stage: Stage,
): { settings: Settings; best: Candidate<MemoryOptions> } {
  let counted: { counting: CountOptions; rows: CountedRow[] } | undefined;
  let parameters: Float64Array | undefined;
  const step = stage(1 + Object.values(GRID).reduce((sum, { length }) => sum + length - 1, 0));

  /** Counting again takes seconds; to keep what was counted in every way, much memory. */
  function counts(counting: CountOptions): CountedRow[] {
    const { distances, reverse } = counting;
    if (counted?.counting.distances !== distances || counted.counting.reverse !== reverse) {
      counted = { counting, rows: countTransitions(log, { ...counting, most: MOST_SUCCESSORS }) };
    }
    return counted.rows;
  }

  function candidate({ decay, smoothing, shrinkage, ...counting }: Settings): Candidate<MemoryOptions> {
    const file = memoryTable(counts(counting), { shrinkage });
    const options = { newest: NEWEST, decay, smoothing: smoothing / items, weights: [1] };
    const memory = new Memory(file, items, options);
    const evidence = cases.map(({ history }) => evidenceOf([transitionEvidence(memory, history)]));
    const fit = fitWeights(cases, evidence, 1, parameters);
    step();
    parameters = fit.parameters; // the next candidate is not far
    return { file, options, evidence, fit };
  }

  const settings: Settings = {
    decay: GRID.decay[0],
    smoothing: GRID.smoothing[0],
    shrinkage: GRID.shrinkage[0],
    distances: GRID.distances[0],
    reverse: GRID.reverse[0],
  };
  let best = candidate(settings);
  for (const name of Object.keys(GRID) as (keyof Settings)[]) {
    for (const value of GRID[name].slice(1)) {
      const tried = candidate({ ...settings, [name]: value });
      if (tried.fit.likelihood <= best.fit.likelihood) continue;
      best = tried;
      settings[name] = value;
    }
  }
  return { settings, best };
}

/** The likeliest beside these transitions. */
function bestAffinities(
  log: TrainingLog,
  cases: readonly ValidationCase[],
  items: number,
  transitions: Candidate<MemoryOptions>,
  stage: Stage,
): (Candidate<AffinityOptions> & { lambda: number }) | undefined {
  const fileOf = affinityFiles(log);
  if (!fileOf) return undefined;
  const memory = new Memory(transitions.file, items, transitions.options);
  const counted = cases.map(({ history }) => transitionEvidence(memory, history));
  const step = stage(AFFINITY_GRID.lambda.length * (1 + AFFINITY_GRID.decay.length));
  let best: (Candidate<AffinityOptions> & { lambda: number }) | undefined;
  for (const lambda of AFFINITY_GRID.lambda) {
    let inverted = 0;
    const file = fileOf(lambda, (part = 1) => {
      inverted += part;
      step(part);
    });
    step(1 - inverted); // weights that are known need no inverse
    for (const decay of AFFINITY_GRID.decay) {
      const options = { newest: NEWEST_FOR_AFFINITIES, decay, weights: [1] };
      const affinities = new Affinities(file, items, options);
      const evidence = cases.map(({ history }, index) =>
        evidenceOf([counted[index], affinityEvidence(affinities, history, items)]),
      );
      const fit = fitWeights(cases, evidence, 2, best?.fit.parameters ?? transitions.fit.parameters);
      step();
      if (best && fit.likelihood <= best.fit.likelihood) continue;
      best = { lambda, file, options, evidence, fit };
    }
  }
  return best;
}
