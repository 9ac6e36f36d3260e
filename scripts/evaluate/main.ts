/** `npm run evaluate`: the quality of a built model, through the engine that serves it. */
import { BEAM } from '../../worker/recommend/rankers/beam.ts';
import { isAvailable } from '../../worker/recommend/rankers/index.ts';
import { defineCommand, runCommand } from '../command.ts';
import { LOG_FILES } from '../data/log-files.ts';
import { readDataset } from '../dataset.ts';
import { loadFolder } from '../node-model.ts';
import { stageBar } from '../progress.ts';
import { JUDGED_RANKERS } from './lists.ts';
import { writeRanks } from './ranks.ts';
import { report } from './report.ts';
import { evaluate } from './run.ts';

const evaluateCommand = defineCommand({
  usage: `npm run evaluate -- --model DIR --data DIR [options]

Ranks every held-out item among all items that the service would list. Held out is the last item of each user
(valid: the one before it) or, where the data has a column split, every event of that split. Simple methods,
fitted to as much of the data as the model and tuned on validation, rank the same cases.

Prints HR and NDCG at 5, 10 and 20, and a sentence that says whether the model beats the best of the simple
methods. The last line printed is a JSON object. It adds 95% bootstrap intervals, targets new to the user and
repeats apart, histories cut to their newest items, and how the lists spread over the catalogue.`,
  options: {
    model: { type: 'folder', holds: 'manifest.json', required: true, description: 'the model' },
    data: {
      type: 'folder',
      holds: LOG_FILES,
      required: true,
      description: 'the data that it was trained on',
    },
    split: { type: 'choice', of: ['test', 'valid'], default: 'test', description: 'what to rank' },
    rankers: {
      type: 'choice',
      of: JUDGED_RANKERS,
      multiple: 'commas',
      default: JUDGED_RANKERS,
      description: 'the rankers of the model; counts only with a memory',
    },
    beam: { type: 'integer', min: 1, default: BEAM, description: 'width of the beam search' },
    cases: { type: 'integer', min: 1, description: 'rank the first N cases of a fixed shuffle' },
    alone: {
      type: 'boolean',
      default: false,
      description: 'rank with the model alone: no simple methods, and no shortened histories',
    },
    ranks: { type: 'string', value: 'FILE', description: 'write the ranks of each case as CSV, for compare' },
  },
  async main(options, { command, print }) {
    const model = await loadFolder(options.model);
    const dataset = await readDataset(options.data);
    const rankers = options.rankers.filter((name) => isAvailable(name, model));
    const evaluation = await evaluate(
      model,
      dataset,
      { ...options, rankers, cuts: !options.alone },
      { say: console.error, stage: stageBar },
    );
    if (options.ranks) writeRanks(options.ranks, evaluation.cases, evaluation.ranks);
    report(
      { manifest: model.manifest, dataset, options: { ...options, rankers }, evaluation, command },
      print,
    );
  },
});

if (import.meta.main) await runCommand(evaluateCommand);
