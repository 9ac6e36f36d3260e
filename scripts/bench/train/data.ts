/** A step of `npm run bench:train`, in a process of its own so that its memory can be told. */
import { defineCommand, runCommand } from '../../command.ts';
import { csv } from '../../data/datasets/csv.ts';
import { DATASET_OPTIONS } from '../../data/options.ts';
import { prepare } from '../../data/prepare.ts';
import { usage } from './usage.ts';

const command = defineCommand({
  usage: 'node scripts/bench/train/data.ts --from DIR --out DIR\n\nMeasures the reading of a log.',
  options: {
    from: { type: 'folder', required: true, description: 'the log' },
    out: { type: 'string', required: true, description: 'where to write the dataset' },
    ...DATASET_OPTIONS,
  },
  async main(options, { print }) {
    const started = performance.now();
    const { users, items, interactions } = await prepare({ ...options, dataset: csv });
    print(JSON.stringify({ users, items, events: interactions, ...usage(started) }));
  },
});

if (import.meta.main) await runCommand(command);
