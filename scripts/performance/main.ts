/**
 * `npm run performance`: takes what `npm run bench` printed into `docs/performance.json`, and writes the
 * tables and plots.
 */
import { writeFileSync } from 'node:fs';
import type { Bench } from '../bench/report.ts';
import { defineCommand, runCommand } from '../command.ts';
import { updateDocuments } from '../docs/documents.ts';
import { readLastObject } from '../printed.ts';
import { drawAll } from './draw.ts';

const DATA = 'docs/performance.json';

const command = defineCommand({
  usage: `npm run performance [-- FILE]

FILE holds what \`npm run bench\` printed; its last line becomes docs/performance.json. Then the tables of
docs/performance.md are written and its plots drawn again.`,
  options: {},
  positionals: { name: 'FILE', min: 0, max: 1 },
  async main(_, { positionals: [file = DATA], print }) {
    const bench = readLastObject<Bench>(file, 'rows', 'ratios');
    writeFileSync(DATA, `${JSON.stringify(bench)}\n`);
    const plots = await drawAll(bench);
    print(JSON.stringify({ rows: bench.rows.length, documents: await updateDocuments(), plots }));
  },
});

if (import.meta.main) await runCommand(command);
