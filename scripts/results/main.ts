/** `npm run results`: takes what measuring commands printed into `docs/`, and draws its plots. */
import { defineCommand, runCommand } from '../command.ts';
import { UsageError } from '../options.ts';
import { readLastObject } from '../printed.ts';
import { type Attention, writeAttention } from './attention.ts';
import { drawAll } from './draw.ts';
import { addRun, type Run, readRows, writeRows } from './rows.ts';

const command = defineCommand({
  usage: `npm run results [-- --name NAME FILE …] [--attention FILE]

FILE holds what \`npm run evaluate\` or \`npm run rank\` printed. Its last line goes into docs/results.json, a
row per decoder, in place of rows of the same name, dataset, protocol, decoder, precision and beam. Then the
plots of docs/ are drawn again.`,
  options: {
    name: { type: 'string', value: 'NAME', description: 'what people call the model' },
    attention: {
      type: 'file',
      description: 'what `npm run attention` printed; it goes into docs/attention.json',
    },
  },
  positionals: { name: 'FILE', min: 0, max: Infinity },
  async main({ name, attention }, { positionals: files, print }) {
    if (name === undefined && files.length > 0) throw new UsageError('--name is needed with a FILE');
    if (name !== undefined && files.length === 0) throw new UsageError('FILE is missing');
    let rows = readRows();
    for (const file of files) rows = addRun(rows, name!, readLastObject<Run>(file));
    if (attention) writeAttention(readLastObject<Attention>(attention));
    writeRows(rows);
    const plots = await drawAll(rows);
    print(JSON.stringify({ rows: rows.length, plots }));
  },
});

if (import.meta.main) await runCommand(command);
