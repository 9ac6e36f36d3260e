/** `npm run evaluate`: the quality of a built model, through the engine that serves it. */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { BEAM } from '../worker/engine/model.ts';
import { heldOut, readHistories } from './dataset.ts';
import { byPopularity, indexed, metricsOf, modelRank, popularityRank } from './evaluation.ts';
import { loadFolder } from './node-model.ts';
import { seededRandom, shuffled } from './random.ts';

const USAGE = `Usage: npm run evaluate -- --model DIR --data DIR [--split test|valid] [--beam N] [--users N]

Leave-one-out: every user's last item (valid: the one before it) is ranked among all items that the user has not had.
Prints HR and NDCG at 5, 10 and 20, beside those of a list of the most popular items; the last line as JSON.
--users takes the first N users of a fixed shuffle.`;

function flags() {
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
  if (values.help) return null;
  const { model, data, split } = values;
  if (!model || !data) throw new Error('--model DIR and --data DIR are needed');
  if (split !== 'test' && split !== 'valid') throw new Error('--split is test or valid');
  const beam = Number(values.beam);
  if (!Number.isInteger(beam) || beam < 1) throw new Error('--beam is a whole number from 1');
  return { model, data, split, beam, users: Number(values.users ?? Infinity) } as const;
}

async function main(): Promise<void> {
  const options = flags();
  if (options === null) {
    console.log(USAGE);
    return;
  }
  const { data, split, beam } = options;
  const model = await loadFolder(options.model);
  const histories = await readHistories(data);
  const cases = shuffled(heldOut(histories, split), seededRandom(1)).slice(0, options.users);
  const back = split === 'test' ? 1 : 2;
  const known = [...histories.values()].map((history) =>
    history.length >= 3 ? history.slice(0, -back) : history,
  );
  const popular = byPopularity(model, known);

  const bar = new SingleBar({
    format: '{bar} {value}/{total} users, {eta_formatted} left',
    stream: process.stderr,
  });
  bar.start(cases.length, 0);
  const ranks: number[] = [];
  const popularRanks: number[] = [];
  for (const each of cases) {
    const one = indexed(model, each);
    ranks.push(await modelRank(model, one, beam));
    popularRanks.push(popularityRank(popular, one));
    bar.increment();
  }
  bar.stop();

  const { id, precision } = model.manifest;
  const protocol = `leave-one-out ${split}, all items ranked, seen filtered`;
  const metrics = metricsOf(ranks);
  const popularity = metricsOf(popularRanks);
  console.table({ model: metrics, popularity });
  const dataset = basename(resolve(data));
  const users = ranks.length;
  console.log(JSON.stringify({ dataset, protocol, users, model: id, precision, beam, metrics, popularity }));
}

try {
  await main();
} catch (error) {
  console.error(`evaluate: ${(error as Error).message}`);
  process.exitCode = 1;
}
