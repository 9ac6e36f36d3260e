/**
 * `npm run performance`: takes what `npm run bench` printed into `docs/performance.json`, and tells and draws
 * it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Bench } from '../bench/report.ts';
import { defineCommand, runCommand } from '../command.ts';
import { readLastObject } from '../printed.ts';
import { drawAll } from './draw.ts';
import { TABLES } from './tables.ts';

const DATA = 'docs/performance.json';
const DOCUMENT = 'docs/performance.md';

/** `document` with the text between the comments of that name replaced. */
function fill(document: string, name: string, text: string): string {
  const [start, end] = [`<!-- ${name} -->\n`, `\n<!-- end of ${name} -->`];
  const [from, to] = [document.indexOf(start), document.indexOf(end)];
  if (from < 0 || to < 0) throw new Error(`${DOCUMENT} has no place for ${name}`);
  return `${document.slice(0, from + start.length)}\n${text}\n${document.slice(to)}`;
}

const command = defineCommand({
  usage: `npm run performance [-- FILE]

FILE holds what \`npm run bench\` printed; its last line becomes docs/performance.json. Then the tables of
docs/performance.md are written and its plots drawn again.`,
  options: {},
  positionals: { name: 'FILE', min: 0, max: 1 },
  async main(_, { positionals: [file = DATA], print }) {
    const bench = readLastObject<Bench>(file);
    let document = readFileSync(DOCUMENT, 'utf8');
    for (const [name, tableOf] of Object.entries(TABLES)) document = fill(document, name, tableOf(bench));
    writeFileSync(DATA, `${JSON.stringify(bench)}\n`);
    writeFileSync(DOCUMENT, document);
    const plots = await drawAll(bench);
    print(JSON.stringify({ rows: bench.rows.length, tables: Object.keys(TABLES), plots }));
  },
});

if (import.meta.main) await runCommand(command);
