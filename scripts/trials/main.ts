/** `npm run trials`: `make` without any flag on ten made-up logs, each held against every yardstick. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../child.ts';
import { defineCommand, runCommand } from '../command.ts';
import type { Verdict } from '../evaluate/verdict.ts';
import { lastLine } from '../printed.ts';
import { LOGS, type MadeUpLog, Random } from './logs.ts';

const MAKE = fileURLToPath(new URL('../make/main.ts', import.meta.url));

interface Outcome {
  log: string;
  ranker: string;
  verdict: Verdict;
  /** Neither NDCG@10 nor HR@10 is below the best yardstick's beyond the interval. */
  held: boolean;
}

/** The log as a shop would export it. */
export function writeLog({ items, rows }: MadeUpLog, seed: number, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const made = rows(new Random(seed));
  const typed = made.some(({ type }) => type !== undefined);
  const lines = made.map(({ user, item, time, type }) =>
    [user, `i${item}`, time, ...(typed ? [type] : [])].join(','),
  );
  const header = `user_id,item_id,timestamp${typed ? ',event' : ''}`;
  writeFileSync(join(folder, 'interactions.csv'), `${[header, ...lines].join('\n')}\n`);
  const listed = Array.from({ length: items }, (_, item) =>
    JSON.stringify({ id: `i${item}`, title: `Item ${item}`, categories: [] }),
  );
  writeFileSync(join(folder, 'items.jsonl'), `${listed.join('\n')}\n`);
}

const command = defineCommand({
  usage: `npm run trials -- [options]

Makes ten logs up (first-order, second-order, cycles, tastes, repeats, bursts, cold items, views and
purchases, tiny, one heavy user), runs \`npm run make\` on each, and compares what is served with every
yardstick. The last line printed is a JSON object.`,
  options: {
    out: { type: 'string', value: 'DIR', default: 'runs/trials', description: 'where logs and models go' },
    only: {
      type: 'choice',
      of: LOGS.map(({ name }) => name),
      value: 'NAME',
      multiple: 'repeated',
      description: 'this log only; may be given several times',
    },
    seed: { type: 'integer', default: 1, description: 'of what is made up' },
  },
  async main({ out, only, seed }, { print }) {
    const outcomes: Outcome[] = [];
    for (const log of LOGS) {
      if (only !== undefined && !only.includes(log.name)) continue;
      print(`— ${log.name}: ${log.description}`);
      const folder = join(out, `${log.name}-log`);
      writeLog(log, seed, folder);
      const args = [MAKE, '--from', folder, '--out', join(out, log.name), '--drop-duplicates'];
      if (log.target !== undefined) args.push('--event', 'event', '--target', log.target);
      const made = JSON.parse(lastLine(await runChild(process.execPath, args, { capture: true })));
      const verdict: Verdict = made.verdict;
      const held = verdict['ndcg@10'][2] >= 0 && verdict['hr@10'][2] >= 0;
      outcomes.push({ log: log.name, ranker: made.default, verdict, held });
      print(JSON.stringify(outcomes.at(-1)));
    }
    print(JSON.stringify({ seed, held: outcomes.every(({ held }) => held), outcomes }));
  },
});

if (import.meta.main) await runCommand(command);
