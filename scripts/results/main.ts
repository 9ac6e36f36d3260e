/** `npm run results`: takes what measuring commands printed into `docs/`, and draws its plots. */
import { defineCommand, runCommand } from '../command.ts';
import { DataError } from '../data/errors.ts';
import { type Checks, readChecks, writeChecks } from '../docs/checks.ts';
import { updateDocuments } from '../docs/documents.ts';
import { UsageError } from '../options.ts';
import { readLastObject } from '../printed.ts';
import { type Attention, writeAttention } from './attention.ts';
import { drawAll } from './draw.ts';
import { addRun, type Run, readRows, writeRows } from './rows.ts';

const command = defineCommand({
  usage: `npm run results [-- --name NAME FILE …] [--check FILE …] [--attention FILE]

FILE holds what \`npm run evaluate\` or \`npm run rank\` printed. Its last line goes into docs/results.json, a
row per decoder, in place of rows of the same name, dataset, protocol, decoder, precision and beam. Then the
tables and plots of docs/ are made anew.`,
  options: {
    name: { type: 'string', value: 'NAME', description: 'what people call the model' },
    check: {
      type: 'file',
      multiple: 'repeated',
      description: 'what a verify command or bench:size printed; it goes into docs/checks.json',
    },
    attention: {
      type: 'file',
      description: 'what `npm run attention` printed; it goes into docs/attention.json',
    },
  },
  positionals: { name: 'FILE', min: 0, max: Infinity },
  async main({ name, check = [], attention }, { positionals: files, print }) {
    if (name === undefined && files.length > 0) throw new UsageError('--name is needed with a FILE');
    if (name !== undefined && files.length === 0) throw new UsageError('FILE is missing');
    let rows = readRows();
    for (const file of files) rows = addRun(rows, name!, readLastObject<Run>(file, 'dataset', 'results'));
    writeRows(rows);
    if (check.length > 0) writeChecks({ ...readChecks(), ...Object.fromEntries(check.map(checkIn)) });
    if (attention) writeAttention(readLastObject<Attention>(attention, 'layers'));
    const plots = await drawAll(rows);
    print(JSON.stringify({ rows: rows.length, documents: await updateDocuments(), plots }));
  },
});

/** The name of the command that printed the file, and the object in its last line. */
function checkIn(file: string): [string, Checks[keyof Checks]] {
  const check = readLastObject<{ command?: string }>(file);
  const [, name] = /^npm run (verify:\w+|bench:size)\b/.exec(check.command ?? '') ?? [];
  if (name === undefined) throw new DataError(`${file}: not printed by a verify command or bench:size`);
  return [name, check as Checks[keyof Checks]];
}

if (import.meta.main) await runCommand(command);
