/** A step of `npm run bench:train`, in a process of its own so that its memory can be told. */
import { command as build } from '../../build/main.ts';
import { defineCommand, runCommand } from '../../command.ts';
import { readDataset } from '../../dataset.ts';
import { evaluate } from '../../evaluate/run.ts';
import { loadFolder } from '../../node-model.ts';
import { stageBar } from '../../progress.ts';
import { usage } from './usage.ts';

const CASES = 200;

const command = defineCommand({
  usage: `node scripts/bench/train/build.ts --checkpoint DIR --data DIR --out DIR

Measures the building of a model, and its evaluation beside the simple methods on ${CASES} cases.`,
  options: {
    checkpoint: { type: 'folder', holds: 'config.json', required: true, description: 'the checkpoint' },
    data: { type: 'folder', required: true, description: 'the dataset' },
    out: { type: 'string', required: true, description: 'where to write the model' },
  },
  async main({ checkpoint, data, out }, { print }) {
    const started = performance.now();
    await build.execute(['--checkpoint', checkpoint, '--data', data, '--out', out], console.error);
    const built = usage(started);
    const [model, dataset] = [await loadFolder(out), await readDataset(data)];
    const options = {
      split: 'test',
      rankers: [model.manifest.ranker],
      beam: 20,
      cases: CASES,
      cuts: false,
    } as const;
    await evaluate(
      model,
      dataset,
      { ...options, rankers: [...options.rankers] },
      { say: console.error, stage: stageBar },
    );
    print(JSON.stringify({ built, with_evaluation: usage(started) }));
  },
});

if (import.meta.main) await runCommand(command);
