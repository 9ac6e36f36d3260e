/** A step of `npm run bench:train`, in a process of its own so that its memory can be told. */
import { defineCommand, runCommand } from '../../command.ts';
import { csv } from '../../data/datasets/csv.ts';
import { DATASET_OPTIONS } from '../../data/options.ts';
import { prepare } from '../../data/prepare.ts';

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
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const cpu_seconds = Math.round((userCPUTime + systemCPUTime) / 1e5) / 10;
    const peak_mb = Math.round(maxRSS / 1024);
    print(JSON.stringify({ users, items, events: interactions, seconds, cpu_seconds, peak_mb }));
  },
});

if (import.meta.main) await runCommand(command);
