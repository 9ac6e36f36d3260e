/** `npm run make`: from a log of interactions to a model that serves, in one command. An interrupted run goes on. */
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../child.ts';
import { parseFlags, run } from '../command.ts';
import { DataError } from '../data/errors.ts';
import { prepare } from '../data/prepare.ts';
import { readHistories } from '../dataset.ts';
import { pythonFolder, runPython } from '../python.ts';
import { adviceOn, shapeOf } from './advice.ts';
import { trainingEnvironment, trainingFlags } from './plan.ts';

const USAGE = `Usage: npm run make -- --from interactions.csv [--items items.jsonl] [--out my-model]

Checks the data, makes semantic IDs, trains, builds, evaluates against the most popular items, and says how to
serve the result. Sizes are chosen from the data. What was done is not done again, so an interrupted
run goes on when it is started again.

  --from PATH         interactions.csv, a RecBole .inter, or a folder that has one
  --items FILE        items.jsonl or items.csv, when it does not lie beside the interactions
  --out DIR           the model (default: my-model)
  --keep-order        rows of a user at the same time keep the file's order
  --drop-duplicates   of rows with the same user, item and time keep the first
  --allow-unlisted    add items that the item file does not list
  --restart           train anew, also when a run of the same name can be resumed`;

/** Runs another of the project's commands; its last line, a JSON object, is returned and not printed. */
async function step(title: string, script: string, args: string[]): Promise<Record<string, unknown>> {
  console.log(`\n— ${title}`);
  const file = fileURLToPath(new URL(script, import.meta.url));
  const lines = (await runChild(process.execPath, [file, ...args], { capture: true })).trimEnd().split('\n');
  for (const line of lines.slice(0, -1)) console.log(line);
  return JSON.parse(lines.at(-1)!);
}

async function main(args: string[]): Promise<void> {
  const { values } = parseFlags({
    args,
    options: {
      from: { type: 'string' },
      items: { type: 'string' },
      out: { type: 'string', default: 'my-model' },
      'keep-order': { type: 'boolean', default: false },
      'drop-duplicates': { type: 'boolean', default: false },
      'allow-unlisted': { type: 'boolean', default: false },
      restart: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  if (!values.from)
    throw new DataError('--from is needed: a file or folder of interactions (--help prints usage)');
  const name = basename(resolve(values.out));
  const [data, checkpoint] = [join('data', name), join('runs', name)];

  console.log('— data');
  const report = await prepare({
    dataset: 'csv',
    from: values.from,
    items: values.items,
    name,
    keepOrder: values['keep-order'],
    dropDuplicates: values['drop-duplicates'],
    allowUnlisted: values['allow-unlisted'],
  });
  const { catalogue, time, count } = report.log;
  const shape = shapeOf({
    histories: await readHistories(data),
    items: catalogue.items.map(({ id }) => id),
    times: time.subarray(0, count),
    tied: values['keep-order'] ? 0 : report.tied,
  });
  console.table(shape);
  const { errors, warnings } = adviceOn(shape);
  for (const warning of warnings) console.log(`Note: ${warning}`);
  if (errors.length > 0) throw new DataError(errors.join('\n'));

  console.log('\n— training');
  const flags = trainingFlags(shape, values.restart);
  console.log(`train.py ${flags.join(' ')}`);
  const train = join(pythonFolder, 'train.py');
  await runPython([train, '--data', data, '--out', checkpoint, ...flags], {
    env: trainingEnvironment(shape),
  });
  const built = await step('build', '../build/main.ts', ['--checkpoint', checkpoint, '--out', values.out]);
  const evaluated = await step('evaluation', '../evaluate/main.ts', ['--model', values.out, '--data', data]);
  console.log(`\n${values.out} is ready. Serve it with\n\n  npm start -- --model ${values.out}\n`);
  console.log(JSON.stringify({ out: values.out, bytes: built.bytes, ...evaluated }));
}

await run(main);
