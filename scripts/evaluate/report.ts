/** What an evaluation prints. */
import { basename, resolve } from 'node:path';
import type { Manifest } from '../../worker/models/manifest.ts';
import type { Dataset } from '../dataset.ts';
import { metricsOf } from './metrics.ts';
import type { Evaluation, EvaluationOptions } from './run.ts';
import { sentence, verdictOn } from './verdict.ts';

interface Run {
  manifest: Manifest;
  dataset: Dataset;
  options: EvaluationOptions & { data: string };
  evaluation: Evaluation;
  command: string;
}

/** Everything about an evaluation, for machines. */
export function resultOf({ manifest, dataset, options, evaluation, command }: Run) {
  const { cases, ranks, results, yardsticks } = evaluation;
  const { id, precision, ranker, config, training, validation } = manifest;
  const judged = options.rankers.includes(ranker) ? ranker : options.rankers[0];
  const ofYardsticks = new Map(Object.keys(yardsticks).map((name) => [name, ranks.get(name)!]));
  return {
    dataset: basename(resolve(options.data)),
    protocol: `${dataset.protocol} ${options.split}, all items ranked, seen ${manifest.includeSeen ? 'listed' : 'hidden'}`,
    cases: cases.length,
    model: id,
    precision,
    default: ranker,
    judged,
    beam: options.beam,
    depth: config.depth,
    register_depth: config.registerDepth,
    local_window: config.localWindow,
    parameters: validation.parameters,
    seed: training.seed,
    command,
    results,
    yardsticks,
    verdict: verdictOn(ranks.get(judged)!, ofYardsticks),
  };
}

/** Prints a table, the verdict, and everything as one line of JSON. */
export function report(run: Run, print: (line: string) => void): void {
  const { ranks } = run.evaluation;
  const { judged, ...result } = resultOf(run);
  const named = [...Object.keys(result.yardsticks), ...Object.keys(result.results)];
  console.table(Object.fromEntries(named.map((name) => [name, metricsOf(ranks.get(name)!)])));
  print(sentence(judged, result.verdict));
  print(JSON.stringify(result));
}
