/** `npm run study`: what each part of EARN is worth, by training without it or with more of it. */
import { mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { lastLine } from '../command.ts';
import { intervalsOf, metricsOf, pairedDifference } from '../evaluate/metrics.ts';
import { readRanks } from '../evaluate/ranks.ts';
import { pythonFolder, runPython } from '../python.ts';
import { addRun, type Run, readRows, writeRows } from '../results/rows.ts';
import { BASE, VARIANTS } from './variants.ts';

const USAGE = `Usage: npm run study -- --data DIR [--out DIR] [--only NAME …] [flags of npm run train]

Trains every variant of scripts/study/variants.ts with the same flags (those after --), ranks all validation items in float32
PyTorch and puts a row each into docs/results.json, with the paired interval of its difference from "${BASE}". Runs that are
done are not repeated. --only takes the base and the variants that it names.`;

interface Options {
  data: string;
  out: string;
  only?: string[];
  flags: string[];
}

async function study({ data, out, only, flags }: Options): Promise<void> {
  mkdirSync(out, { recursive: true });
  let rows = readRows();
  let base: number[] | undefined;
  // The base comes first, since the others are held against it.
  const all = VARIANTS.toSorted((a, b) => Number(b.name === BASE) - Number(a.name === BASE));
  for (const { name, flags: own } of all) {
    if (only !== undefined && name !== BASE && !only.includes(name)) continue;
    const checkpoint = join(out, name.replaceAll(/\W+/g, '-'));
    const train = ['--data', data, '--out', checkpoint, '--decoders', 'latent', ...flags, ...own];
    await runPython([join(pythonFolder, 'train.py'), ...train]);
    const ranks = `${checkpoint}.csv`;
    const rank = ['--checkpoint', checkpoint, '--data', data, '--split', 'valid', '--decoders', 'latent'];
    const ranking = [join(pythonFolder, 'rank.py'), ...rank, '--ranks', ranks];
    const printed = await runPython(ranking, { capture: true });
    const run = JSON.parse(lastLine(printed)) as Run;
    const found = [...readRanks(ranks, 'latent').values()];
    base ??= found;
    const latent = {
      ...metricsOf(found),
      interval95: intervalsOf(found),
      over_base: pairedDifference(base, found),
    };
    const command = `npm run study -- --data ${basename(resolve(data))} --only '${name}' ${flags.join(' ')}`;
    rows = addRun(rows, name, { ...run, command, results: { latent } });
    writeRows(rows);
    console.log(JSON.stringify({ name, ...latent }));
  }
}

const { values, positionals } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string', default: 'runs/study' },
    only: { type: 'string', multiple: true },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (values.help || values.data === undefined) console.log(USAGE);
else await study({ ...values, data: values.data, flags: positionals });
