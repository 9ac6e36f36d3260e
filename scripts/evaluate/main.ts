/** `npm run evaluate`: the quality of a built model, through the engine that serves it. */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { RANKERS, type RankerName } from '../../worker/models/manifest.ts';
import { BEAM } from '../../worker/recommend/rankers/beam.ts';
import { before, heldOut, readDataset } from '../dataset.ts';
import { loadFolder } from '../node-model.ts';
import { seededRandom, shuffled } from '../random.ts';
import { byPopularity, type IndexedCase, indexed, listOf, popularList, stateOf } from './cases.ts';
import { byHistory, intervalsOf, metricsOf, rounded, spreadOf } from './metrics.ts';
import { writeRanks } from './ranks.ts';

const USAGE = `Usage: npm run evaluate -- --model DIR --data DIR [--split test|valid] [--decoders latent,beam,hybrid]
       [--beam N] [--cases N] [--ranks FILE]

Every held-out item is ranked among all items that its user has not had: of each user the last one (valid: the one before
it), or, where the data has a column split, every interaction of that split. Prints HR and NDCG at 5, 10 and 20 of
each decoder beside those of a list of the most popular items, with 95% bootstrap intervals, and how the lists spread
over the catalogue; the last line as JSON. --cases takes the first N of a fixed shuffle. --ranks writes each case's
ranks, for \`npm run compare\`.`;

function flags() {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' },
      data: { type: 'string' },
      split: { type: 'string', default: 'test' },
      decoders: { type: 'string', default: RANKERS.join() },
      beam: { type: 'string', default: `${BEAM}` },
      cases: { type: 'string' },
      ranks: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const { model, data, split, ranks } = values;
  if (!model || !data) throw new Error('--model DIR and --data DIR are needed');
  if (split !== 'test' && split !== 'valid') throw new Error('--split is test or valid');
  const beam = Number(values.beam);
  if (!Number.isInteger(beam) || beam < 1) throw new Error('--beam is a whole number from 1');
  const decoders = values.decoders.split(',') as RankerName[];
  for (const name of decoders) {
    if (!RANKERS.includes(name)) throw new Error(`--decoders names ${name}; there are ${RANKERS.join(', ')}`);
  }
  return { model, data, split, decoders, beam, ranks, cases: Number(values.cases ?? Infinity) } as const;
}

/** One way to make lists, and what became of it. */
class Result {
  readonly ranks: number[] = [];
  private readonly lengths: number[] = [];
  private readonly counts: Float64Array;
  private short = 0;

  constructor(items: number) {
    this.counts = new Float64Array(items);
  }

  add(list: number[], { target, history }: IndexedCase): void {
    this.lengths.push(history.length);
    const rank = list.indexOf(target);
    this.ranks.push(rank < 0 ? Infinity : rank);
    const first = list.slice(0, 10);
    if (first.length < 10) this.short++;
    for (const item of first) this.counts[item]++;
  }

  summary() {
    const { ranks, lengths, counts, short } = this;
    return {
      ...metricsOf(ranks),
      ...spreadOf(counts),
      short_lists: rounded(short / ranks.length),
      interval95: intervalsOf(ranks),
      by_history: byHistory(ranks, lengths),
    };
  }
}

async function main(): Promise<void> {
  const options = flags();
  if (options === null) {
    console.log(USAGE);
    return;
  }
  const { split, decoders, beam } = options;
  const model = await loadFolder(options.model);
  const dataset = await readDataset(options.data);
  const cases = shuffled(heldOut(dataset, split), seededRandom(1)).slice(0, options.cases);
  const popular = byPopularity(model, before(dataset, split));
  const items = model.catalogue.items.length;
  const results = new Map(['popularity', ...decoders].map((name) => [name, new Result(items)]));

  const bar = new SingleBar({
    format: '{bar} {value}/{total} cases, {eta_formatted} left',
    stream: process.stderr,
  });
  bar.start(cases.length, 0);
  for (const each of cases) {
    const one = indexed(model, each);
    results.get('popularity')!.add(popularList(popular, one), one);
    const state = await stateOf(model, one);
    for (const decoder of decoders) {
      results.get(decoder)!.add(await listOf(model, state, one, decoder, beam), one);
    }
    bar.increment();
  }
  bar.stop();

  if (options.ranks)
    writeRanks(options.ranks, cases, new Map([...results].map(([n, { ranks }]) => [n, ranks])));
  const { id, precision, ranker, config, training, validation } = model.manifest;
  const summaries = Object.fromEntries([...results].map(([name, result]) => [name, result.summary()]));
  console.table(Object.fromEntries([...results].map(([name, { ranks }]) => [name, metricsOf(ranks)])));
  const protocol = `${dataset.protocol} ${split}, all items ranked, seen filtered`;
  const run = {
    dataset: basename(resolve(options.data)),
    protocol,
    cases: cases.length,
    model: id,
    precision,
    default_decoder: ranker,
    beam,
    depth: config.depth,
    register_depth: config.registerDepth,
    tail: config.localWindow,
    parameters: validation.parameters,
    seed: training.seed,
    command: `npm run evaluate -- ${process.argv.slice(2).join(' ')}`,
  };
  console.log(JSON.stringify({ ...run, results: summaries }));
}

try {
  await main();
} catch (error) {
  console.error(`evaluate: ${(error as Error).message}`);
  process.exitCode = 1;
}
