/** `npm run make`: from a log of interactions to a model that serves, in one command. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MANIFEST_FILE } from '../../worker/models/manifest.ts';
import { command as build } from '../build/main.ts';
import { PAGE_OPTIONS, readPage } from '../build/page.ts';
import { type Context, defineCommand, runCommand } from '../command.ts';
import { csv } from '../data/datasets/csv.ts';
import { DataError } from '../data/errors.ts';
import { DATASET_OPTIONS } from '../data/options.ts';
import { type PrepareOptions, prepare } from '../data/prepare.ts';
import { describe } from '../data/report.ts';
import { readMeaning } from '../dataset.ts';
import { adviceOn, type LogShape, shapeOf } from './advice.ts';
import { type Judged, judge } from './judge.ts';
import { compareOnNewest, told } from './newest.ts';
import { finishReplacing, type Places, placesOf, replace, workPlaces } from './places.ts';
import { plansFor, trainingEnvironment } from './plan.ts';
import { bestOf, digestOf, keptAsItIs, refit, type Trained, trainAll, warmPlan } from './training.ts';

const command = defineCommand({
  usage: `npm run make -- --from PATH [options]

Checks the data, makes semantic IDs, trains, builds, evaluates against simple methods, writes a report of one page, and says
how to serve the result and whether it beats them. Sizes and the length of the training are chosen from the data and on
validation. An interrupted run goes on when the same command is started again. On a log that has grown it begins with
the last checkpoint, and replaces the last model only if the new one is not worse on the newest events.
The last line printed is a JSON object.`,
  options: {
    from: {
      type: 'path',
      required: true,
      description: 'the log: a file, or a folder that has it and perhaps the items',
    },
    out: { type: 'string', value: 'DIR', default: 'my-model', description: 'where to write the model' },
    ...PAGE_OPTIONS,
    ...DATASET_OPTIONS,
    restart: {
      type: 'boolean',
      description: 'choose sizes and train anew, also when an earlier run could go on',
    },
    replace: { type: 'boolean', description: 'replace the last model also when the new one is worse' },
  },
  main: make,
});

interface MakeOptions extends Omit<PrepareOptions, 'dataset' | 'name'> {
  out: string;
  noun: string;
  page?: string;
  restart: boolean;
  replace: boolean;
}

async function make(options: MakeOptions, { print, command }: Context): Promise<void> {
  const { out, noun, page, restart, replace: always, ...reading } = options;
  const words = page === undefined ? [] : ['--page', page];
  if (page !== undefined) readPage(page); // a mistake in it must not show after the training
  const places = placesOf(out);
  finishReplacing(places);
  const work = workPlaces(places);
  mkdirSync(dirname(work.checkpoint), { recursive: true });
  // A finished run that was not taken can't go on with other data, as an interrupted one would have to.
  const done = `${work.checkpoint}.done`;
  const finished = existsSync(done) ? await digestOf(work.data) : undefined;

  print('— data');
  const report = await prepare({ ...reading, dataset: csv, name: places.name, out: work.data }, print);
  for (const line of describe(report, reading.keepOrder)) print(line);
  const shape = shapeOf(report, reading.keepOrder);
  const { errors, warnings } = adviceOn(shape);
  for (const warning of warnings) print(`Note: ${warning}`);
  if (errors.length > 0) throw new DataError(errors.join('\n'));

  print('\n— training');
  const over = finished !== undefined && finished !== (await digestOf(work.data));
  rmSync(done, { force: true });
  const trained = await train(shape, { places, work, restart, over, print });
  const chosen = bestOf(trained);
  await refit(chosen.folder, { data: work.data, env: trainingEnvironment(shape), print });

  print('\n— build');
  rmSync(work.model, { recursive: true, force: true });
  const flags = ['--checkpoint', chosen.folder, '--data', work.data, '--out', work.model];
  await build.execute([...flags, '--name', places.name, '--noun', noun, ...words], (line) => {
    if (!line.startsWith('{')) print(line);
  });

  print('\n— evaluation');
  const judged = await judge({ work, out, shape, report, warnings, trained, chosen, command }, print);

  const comparison = existsSync(join(out, MANIFEST_FILE))
    ? await compareOnNewest({ old: out, new: work.model }, judged.dataset, places.data)
    : undefined;
  if (comparison) print(`\n${told(comparison)}`);
  const replaced = always || comparison === undefined || comparison['ndcg@10'][0] >= 0;
  if (replaced) {
    writeReports(chosen.folder, judged);
    replace({ ...work, checkpoint: chosen.folder }, places);
    for (const { folder } of trained)
      if (folder !== places.checkpoint) rmSync(folder, { recursive: true, force: true });
    print(`\n${out} is ready. Its report: ${join(places.checkpoint, 'report.html')}. Serve it with\n`);
    print(`  npm start -- --model ${out}\n`);
  } else {
    writeFileSync(done, '');
    print(`\n${out} stays as it was. The new model is in ${work.model}; --replace takes it.\n`);
  }
  print(judged.sentence);
  print(JSON.stringify({ out, replaced, ...(comparison && { comparison }), ...judged.result }));
}

interface TrainOptions {
  places: Places;
  work: Places;
  restart: boolean;
  /** Whether what an earlier run left is of no use. */
  over: boolean;
  print(line: string): void;
}

/** What there is to choose from: a warm start, every size that suits the log, or the last checkpoint. */
async function train(
  shape: LogShape,
  { places, work, restart, over, print }: TrainOptions,
): Promise<Trained[]> {
  const known = !restart && existsSync(join(places.checkpoint, 'config.json'));
  if (known && (await digestOf(work.data)) === (await digestOf(places.data))) {
    print(`the data is that of ${places.checkpoint}, which stays as it is; --restart trains anew`);
    return [keptAsItIs(places.checkpoint)];
  }
  const warm = known ? warmPlan(places.checkpoint, shape.items, readMeaning(work.data)) : undefined;
  return trainAll(warm ? [warm] : plansFor(shape), {
    data: work.data,
    folder: work.checkpoint,
    env: trainingEnvironment(shape),
    restart: restart || over,
    print,
  });
}

function writeReports(folder: string, { text, html }: Judged): void {
  writeFileSync(join(folder, 'report.txt'), text);
  writeFileSync(join(folder, 'report.html'), html);
}

if (import.meta.main) await runCommand(command);
