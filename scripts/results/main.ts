/** `npm run results`: takes what measuring commands printed into `docs/results.json`, and draws it. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { drawAll } from './draw.ts';
import { addRun, type Run, readRows, writeRows } from './rows.ts';

const USAGE = `Usage: npm run results [-- --name NAME FILE]

FILE holds what \`npm run evaluate\` or \`npm run rank\` printed; its last line goes into docs/results.json, a row a decoder,
in place of rows of the same name, dataset, protocol, decoder, precision and beam. Then the plots of
docs/ are drawn again from all rows.`;

const { values, positionals } = parseArgs({
  options: { name: { type: 'string' }, help: { type: 'boolean', default: false } },
  allowPositionals: true,
});
if (values.help || positionals.length > 0 !== (values.name !== undefined)) console.log(USAGE);
else {
  let rows = readRows();
  for (const path of positionals) {
    const line = readFileSync(path, 'utf8').trimEnd().split('\n').at(-1)!;
    rows = addRun(rows, values.name!, JSON.parse(line) as Run);
  }
  writeRows(rows);
  const plots = await drawAll(rows);
  console.log(JSON.stringify({ rows: rows.length, plots }));
}
