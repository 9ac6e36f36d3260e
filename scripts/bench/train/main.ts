/** `npm run bench:train`: what a large log costs to read, to give semantic IDs, and to train on. */
import { mkdirSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../../child.ts';
import { defineCommand, runCommand } from '../../command.ts';
import { lastLine } from '../../printed.ts';
import { runPython } from '../../python.ts';
import { writeLargeLog } from './large-log.ts';

const command = defineCommand({
  usage: `npm run bench:train -- [options]

Makes a large log up, reads it as npm run data does, makes semantic IDs, trains some steps of the decoder with
three layers, builds a model of it, and evaluates that on some cases. It needs a gigabyte and a half of disk, below --folder. The last line printed is a JSON
object.`,
  options: {
    users: { type: 'integer', min: 1, default: 1_000_000, description: 'users of the log' },
    items: { type: 'integer', min: 100, default: 100_000, description: 'items of the log' },
    events: { type: 'integer', min: 1, default: 20_000_000, description: 'events of the log' },
    steps: { type: 'integer', min: 20, default: 300, description: 'steps to train' },
    batch: { type: 'integer', min: 1, default: 256, description: 'users per step' },
    folder: { type: 'string', value: 'DIR', default: 'data/large', description: 'where to put the log' },
    keep: { type: 'boolean', description: 'leave the log in that folder' },
  },
  async main({ users, items, events, steps, batch, folder, keep }, { print }) {
    const log = join(folder, 'log');
    const dataset = join(folder, 'dataset');
    mkdirSync(log, { recursive: true });
    try {
      await writeLargeLog(log, { users, items, events });
      const read = fileURLToPath(new URL('data.ts', import.meta.url));
      const reading = ['--from', log, '--out', dataset];
      const data = JSON.parse(await runChild(process.execPath, [read, ...reading], { capture: true }));
      const checkpoint = join(folder, 'checkpoint');
      const flags = ['--data', dataset, '--steps', `${steps}`, '--batch', `${batch}`, '--out', checkpoint];
      const printed = await runPython(['-m', 'earn_train.bench', ...flags], {
        capture: true,
        // Threads that spin while they wait take the cores from those that work (docs/log.md).
        env: { OMP_WAIT_POLICY: 'PASSIVE' },
      });
      const training = JSON.parse(lastLine(printed));
      const building = ['--checkpoint', checkpoint, '--data', dataset, '--out', join(folder, 'model')];
      const build = fileURLToPath(new URL('build.ts', import.meta.url));
      const model = JSON.parse(
        lastLine(await runChild(process.execPath, [build, ...building], { capture: true })),
      );
      print(JSON.stringify({ cpus: cpus().length, data, training, model }));
    } finally {
      if (!keep) rmSync(folder, { recursive: true, force: true });
    }
  },
});

if (import.meta.main) await runCommand(command);
