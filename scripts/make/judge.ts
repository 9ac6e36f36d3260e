/** Evaluates the model that was built, and makes the report. */
import { BEAM } from '../../worker/recommend/rankers/beam.ts';
import { isAvailable } from '../../worker/recommend/rankers/index.ts';
import type { Report } from '../data/prepare.ts';
import { type Dataset, readDataset } from '../dataset.ts';
import { resultOf } from '../evaluate/report.ts';
import { evaluate } from '../evaluate/run.ts';
import { sentence } from '../evaluate/verdict.ts';
import { loadFolder } from '../node-model.ts';
import { stageBar } from '../progress.ts';
import type { LogShape } from './advice.ts';
import type { Places } from './places.ts';
import { factsOf } from './report/facts.ts';
import { htmlReport } from './report/html.ts';
import { textReport } from './report/text.ts';
import type { Trained } from './training.ts';

/** Test cases: enough to tell .005 of NDCG@10 apart, in a minute. */
const MOST_CASES = 5000;

export interface Judged {
  dataset: Dataset;
  result: Omit<ReturnType<typeof resultOf>, 'judged'>;
  /** The verdict for people. */
  sentence: string;
  text: string;
  html: string;
}

interface Inputs {
  work: Places;
  /** Where the model will be. */
  out: string;
  shape: LogShape;
  report: Pick<Report, 'types' | 'times'>;
  warnings: string[];
  trained: Trained[];
  chosen: Trained;
  command: string;
}

export async function judge(inputs: Inputs, print: (line: string) => void): Promise<Judged> {
  const { work, command } = inputs;
  const [model, dataset] = [await loadFolder(work.model), await readDataset(work.data)];
  const { manifest } = model;
  // Other rankers are not served unless a request asks for them: `npm run evaluate` has them all.
  const rankers = [...new Set([manifest.ranker, 'latent', 'counts'] as const)];
  const options = {
    split: 'test' as const,
    rankers: rankers.filter((name) => isAvailable(name, model)),
    beam: BEAM,
    cases: MOST_CASES,
    cuts: false,
    data: work.data,
  };
  const evaluation = await evaluate(model, dataset, options, { say: console.error, stage: stageBar });
  const { judged, ...result } = resultOf({ manifest, dataset, options, evaluation, command });
  const facts = await factsOf({
    ...inputs,
    ...inputs.report,
    ...{ name: work.name, verdict: result.verdict, model, dataset, evaluation, ranker: judged },
  });
  const text = textReport(facts);
  print(text);
  return { dataset, result, sentence: sentence(judged, result.verdict), text, html: await htmlReport(facts) };
}
