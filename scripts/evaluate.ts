/** `npm run evaluate`: the quality of a built model, through the engine that serves it. */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { BEAM, type EarnModel } from '../worker/engine/model.ts';
import { type Case, heldOut, readHistories } from './dataset.ts';
import { loadFolder } from './node-model.ts';
import { seededRandom, shuffled } from './random.ts';

const USAGE = `Usage: npm run evaluate -- --model DIR --data DIR [--split test|valid] [--beam N] [--users N]

Leave-one-out: every user's last item (valid: the one before it) is ranked among all items that the user has not had.
Prints HR and NDCG at 5, 10 and 20, the last line as JSON. --users takes the first N users of a fixed shuffle.`;

const CUTOFFS = [5, 10, 20];

/** Place of the target in the list, from 0; Infinity when it is not among the first 20. */
async function rankOfTarget(model: EarnModel, { history, target }: Case, beam: number): Promise<number> {
  const indices = history.map((id) => indexOf(model, id));
  const item = indexOf(model, target);
  const excluded = new Set(indices);
  excluded.delete(item); // had before: still the answer
  const { items } = await model.recommend({ history: indices, k: Math.max(...CUTOFFS), excluded, beam });
  const rank = items.findIndex((ranked) => ranked.item === item);
  return rank < 0 ? Infinity : rank;
}

function indexOf(model: EarnModel, id: string): number {
  const index = model.catalogue.indexOf(id);
  if (index === undefined) throw new Error(`the model does not know item ${id}; is it of this data?`);
  return index;
}

/** Hit rate and normalised discounted cumulative gain with one relevant item: 1 / log2(rank + 2). */
function metricsOf(ranks: number[]): Record<string, number> {
  const mean = (gain: (rank: number) => number) =>
    Number((ranks.reduce((sum, rank) => sum + gain(rank), 0) / ranks.length).toFixed(5));
  return Object.fromEntries([
    ...CUTOFFS.map((k) => [`hr@${k}`, mean((rank) => (rank < k ? 1 : 0))]),
    ...CUTOFFS.map((k) => [`ndcg@${k}`, mean((rank) => (rank < k ? 1 / Math.log2(rank + 2) : 0))]),
  ]);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' },
      data: { type: 'string' },
      split: { type: 'string', default: 'test' },
      beam: { type: 'string', default: `${BEAM}` },
      users: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const { model: folder, data, split } = values;
  if (!folder || !data) throw new Error('--model DIR and --data DIR are needed');
  if (split !== 'test' && split !== 'valid') throw new Error('--split is test or valid');
  const beam = Number(values.beam);
  if (!Number.isInteger(beam) || beam < 1) throw new Error('--beam is a whole number from 1');

  const model = await loadFolder(folder);
  const cases = shuffled(heldOut(await readHistories(data), split), seededRandom(1)).slice(
    0,
    Number(values.users ?? Infinity),
  );
  const bar = new SingleBar({
    format: '{bar} {value}/{total} users, {eta_formatted} left',
    stream: process.stderr,
  });
  bar.start(cases.length, 0);
  const ranks: number[] = [];
  for (const each of cases) {
    ranks.push(await rankOfTarget(model, each, beam));
    bar.increment();
  }
  bar.stop();
  const { id, precision } = model.manifest;
  const protocol = `leave-one-out ${split}, all items ranked, seen filtered`;
  const metrics = metricsOf(ranks);
  console.table(metrics);
  const dataset = basename(resolve(data));
  console.log(
    JSON.stringify({ dataset, protocol, users: ranks.length, model: id, precision, beam, metrics }),
  );
}

try {
  await main();
} catch (error) {
  console.error(`evaluate: ${(error as Error).message}`);
  process.exitCode = 1;
}
