/** `npm run make`: from a log of interactions to a model that serves, in one command. */
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../child.ts';
import { type Context, defineCommand, runCommand } from '../command.ts';
import { csv } from '../data/datasets/csv.ts';
import { DataError } from '../data/errors.ts';
import { DATASET_OPTIONS } from '../data/options.ts';
import { type PrepareOptions, prepare } from '../data/prepare.ts';
import { describe } from '../data/report.ts';
import { sentence, type Verdict } from '../evaluate/verdict.ts';
import { runPython } from '../python.ts';
import { adviceOn, shapeOf } from './advice.ts';
import { trainingEnvironment, trainingFlags } from './plan.ts';

/** Runs another of the project's commands; its last line, a JSON object, is returned and not printed. */
async function step(title: string, script: string, args: string[]): Promise<Record<string, unknown>> {
  console.log(`\n— ${title}`);
  const file = fileURLToPath(new URL(script, import.meta.url));
  const lines = (await runChild(process.execPath, [file, ...args], { capture: true })).trimEnd().split('\n');
  for (const line of lines.slice(0, -1)) console.log(line);
  return JSON.parse(lines.at(-1)!);
}

const command = defineCommand({
  usage: `npm run make -- --from PATH [options]

Checks the data, makes semantic IDs, trains, builds, evaluates against simple methods, and says how to serve
the result and whether it beats them. Sizes are chosen from the data. An interrupted run goes on when the same command is started
again. The last line printed is a JSON object.`,
  options: {
    from: {
      type: 'path',
      required: true,
      description: 'the log: a file, or a folder that has it and perhaps the items',
    },
    out: { type: 'string', value: 'DIR', default: 'my-model', description: 'where to write the model' },
    noun: {
      type: 'string',
      default: 'item',
      description: 'what one of the items is called on the page, in the singular: product, film, song',
    },
    ...DATASET_OPTIONS,
    restart: { type: 'boolean', description: 'train anew, also when an earlier run could go on' },
  },
  main: make,
});

interface MakeOptions extends Omit<PrepareOptions, 'dataset' | 'name'> {
  out: string;
  noun: string;
  restart: boolean;
}

async function make(options: MakeOptions, { print }: Context): Promise<void> {
  const { out, noun, restart, ...reading } = options;
  const name = basename(resolve(out));
  const [data, checkpoint] = [join('data', name), join('runs', name)];

  print('— data');
  const report = await prepare({ ...reading, dataset: csv, name }, print);
  for (const line of describe(report, reading.keepOrder)) print(line);
  const shape = shapeOf(report, reading.keepOrder);
  console.table(shape);
  const { errors, warnings } = adviceOn(shape);
  for (const warning of warnings) print(`Note: ${warning}`);
  if (errors.length > 0) throw new DataError(errors.join('\n'));

  print('\n— training');
  const flags = trainingFlags(shape, restart);
  print(`npm run train -- ${flags.join(' ')}`);
  await runPython(['-m', 'earn_train.train', '--data', data, '--out', checkpoint, ...flags], {
    env: trainingEnvironment(shape),
  });
  const building = ['--checkpoint', checkpoint, '--data', data, '--out', out, '--noun', noun];
  const built = await step('build', '../build/main.ts', building);
  const evaluated = await step('evaluation', '../evaluate/main.ts', ['--model', out, '--data', data]);
  print(`\n${out} is ready. Serve it with\n\n  npm start -- --model ${out}\n`);
  print(sentence(evaluated.default as string, evaluated.verdict as Verdict));
  print(JSON.stringify({ out, bytes: built.bytes, ...evaluated }));
}

if (import.meta.main) await runCommand(command);
