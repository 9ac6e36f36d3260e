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
export function resultOf(run: Run) {
  const { judged, ...facts } = factsOf(run);
  const { ranks, yardsticks } = run.evaluation;
  const ofYardsticks = new Map(Object.keys(yardsticks).map((name) => [name, ranks.get(name)!]));
  return { judged, ...facts, verdict: verdictOn(ranks.get(judged)!, ofYardsticks) };
}

/** The same of a model that ranked alone. */
function factsOf({ manifest, dataset, options, evaluation, command }: Run) {
  const { cases, results, yardsticks } = evaluation;
  const { id, precision, ranker, config, training, validation } = manifest;
  return {
    dataset: basename(resolve(options.data)),
    protocol: [
      `${dataset.protocol} ${options.split}`,
      'all items ranked',
      `seen ${manifest.includeSeen ? 'listed' : 'hidden'}`,
      ...(manifest.refit ? ['fitted up to the test items'] : []),
    ].join(', '),
    cases: cases.length,
    model: id,
    precision,
    default: ranker,
    judged: options.rankers.includes(ranker) ? ranker : options.rankers[0],
    beam: options.beam,
    depth: config.depth,
    register_depth: config.registerDepth,
    local_window: config.localWindow,
    parameters: validation.parameters,
    seed: training.seed,
    command,
    results,
    yardsticks,
  };
}

/** Prints a table, the verdict if there is one, and everything as one line of JSON. */
export function report(run: Run, print: (line: string) => void): void {
  const { ranks, yardsticks, results } = run.evaluation;
  const named = [...Object.keys(yardsticks), ...Object.keys(results)];
  console.table(Object.fromEntries(named.map((name) => [name, metricsOf(ranks.get(name)!)])));
  if (run.options.alone) {
    const { judged: _, ...facts } = factsOf(run);
    print(JSON.stringify(facts));
    return;
  }
  const { judged, ...result } = resultOf(run);
  print(sentence(judged, result.verdict));
  print(JSON.stringify(result));
}
