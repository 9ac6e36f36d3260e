/** `npm run study`: measures what each part of EARN is worth, by training without it or with more of it. */
import { mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { defineCommand, runCommand } from '../command.ts';
import { LOG_FILES } from '../data/log-files.ts';
import { intervalsOf, metricsOf, pairedDifference } from '../evaluate/metrics.ts';
import { readRanks } from '../evaluate/ranks.ts';
import { lastLine } from '../printed.ts';
import { runPython } from '../python.ts';
import { addRun, type Run, readRows, writeRows } from '../results/rows.ts';
import { BASE, VARIANTS } from './variants.ts';

interface StudyOptions {
  data: string;
  out: string;
  only: string[] | undefined;
  flags: string[];
}

async function study({ data, out, only, flags }: StudyOptions, print: (line: string) => void): Promise<void> {
  mkdirSync(out, { recursive: true });
  let rows = readRows();
  let base: number[] | undefined;
  // The base comes first, as the others are compared with it.
  const all = VARIANTS.toSorted((a, b) => Number(b.name === BASE) - Number(a.name === BASE));
  for (const { name, flags: own } of all) {
    if (only !== undefined && name !== BASE && !only.includes(name)) continue;
    const checkpoint = join(out, name.replaceAll(/\W+/g, '-'));
    const train = ['--data', data, '--out', checkpoint, '--decoders', 'latent', ...flags, ...own];
    await runPython(['-m', 'earn_train.train', ...train]);
    const ranks = `${checkpoint}.csv`;
    const rank = ['--checkpoint', checkpoint, '--data', data, '--split', 'valid', '--decoders', 'latent'];
    const ranking = ['-m', 'earn_train.rank', ...rank, '--ranks', ranks];
    const printed = await runPython(ranking, { capture: true });
    const run = JSON.parse(lastLine(printed)) as Run;
    const found = [...readRanks(ranks, 'latent').values()];
    base ??= found;
    const latent = {
      ...metricsOf(found),
      interval95: intervalsOf(found),
      over_base: pairedDifference(base, found),
    };
    const dataset = basename(resolve(data));
    const command = `npm run study -- --data ${dataset} --only '${name}' -- ${flags.join(' ')}`;
    rows = addRun(rows, name, { ...run, command, results: { latent } });
    writeRows(rows);
    print(JSON.stringify({ name, ...latent }));
  }
}

const command = defineCommand({
  usage: `npm run study -- --data DIR [options] [-- flags of npm run train]

Trains every variant of scripts/study/variants.ts with the same flags, ranks all validation items in float32
PyTorch and puts a row per variant into docs/results.json, with the paired interval of its difference from
"${BASE}". A run that is done is not repeated.`,
  options: {
    data: { type: 'folder', holds: LOG_FILES, required: true, description: 'what to train on' },
    out: { type: 'string', value: 'DIR', default: 'runs/study', description: 'where the checkpoints go' },
    only: {
      type: 'choice',
      of: VARIANTS.map(({ name }) => name),
      value: 'NAME',
      multiple: 'repeated',
      description: 'train the base and this variant only; may be given several times',
    },
  },
  rest: 'flags of npm run train',
  main: (options, { rest, print }) => study({ ...options, flags: rest }, print),
});

if (import.meta.main) await runCommand(command);
