/** `npm run results`: takes what measuring commands printed into `docs/results.json`, and draws it. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { lastLine } from '../command.ts';
import { keepAttention } from './attention.ts';
import { drawAll } from './draw.ts';
import { addRun, type Run, readRows, writeRows } from './rows.ts';

const USAGE = `Usage: npm run results [-- --name NAME FILE] [--attention FILE]

FILE holds what \`npm run evaluate\` or \`npm run rank\` printed; its last line goes into docs/results.json, a row a decoder,
in place of rows of the same name, dataset, protocol, decoder, precision and beam. --attention takes what
\`npm run attention\` printed into docs/attention.json. Then the plots of docs/ are drawn again.`;

const printedIn = (path: string): string => lastLine(readFileSync(path, 'utf8'));

const { values, positionals } = parseArgs({
  options: {
    name: { type: 'string' },
    attention: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (values.help || positionals.length > 0 !== (values.name !== undefined)) console.log(USAGE);
else {
  let rows = readRows();
  for (const path of positionals) {
    rows = addRun(rows, values.name!, JSON.parse(printedIn(path)) as Run);
  }
  if (values.attention) keepAttention(printedIn(values.attention));
  writeRows(rows);
  const plots = await drawAll(rows);
  console.log(JSON.stringify({ rows: rows.length, plots }));
}
