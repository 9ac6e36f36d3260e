/** `npm run import`: existing histories into the service's logs. */
import { defineCommand, runCommand } from '../command.ts';
import { progressBar } from '../data/progress.ts';
import { readHistories } from './histories.ts';
import { ProgressFile } from './progress-file.ts';
import { sendAll, storedBefore } from './send.ts';
import { type Clock, Service } from './service.ts';

const command = defineCommand({
  usage: `npm run import -- --users FILE [options]

Sends the interactions of a file to the service, each user's oldest first. Every row is checked before
anything is sent. An interrupted import goes on when the same command is started again, and stores nothing
twice; when the file has grown, it sends what is new.

FILE is a CSV with user_id,item_id[,timestamp], a RecBole .inter, or JSON Lines (.jsonl) with one
{"user_id","item_id","timestamp"} or {"user_id","items":[{"id","timestamp"}]} per line. Each may be gzipped
(.gz). A service with keys takes one with the scopes read and write, in the variable EARN_API_KEY. The last
line printed is a JSON object.`,
  options: {
    users: { type: 'file', required: true, description: 'the interactions' },
    url: { type: 'string', value: 'URL', default: 'http://127.0.0.1:8787', description: 'the service' },
    concurrency: {
      type: 'integer',
      min: 1,
      default: 8,
      description: 'how many users to send at the same time',
    },
    progress: {
      type: 'string',
      value: 'FILE',
      description: 'where to note what was sent (default: the interactions file with .progress.jsonl)',
    },
    'drop-duplicates': {
      type: 'boolean',
      description: 'keep the first of rows with the same user, item and time; without it they are an error',
    },
  },
  main: (options, { print }) => importHistories(options, print),
});

export interface ImportOptions {
  users: string;
  url: string;
  concurrency: number;
  progress: string | undefined;
  dropDuplicates: boolean;
}

/**
 * Imports as the options say.
 * @param print takes each line of the report
 * @param clock measures the pauses between attempts
 * @throws {DataError} when the file is not as it should be, or the service does not take it
 */
export async function importHistories(
  options: ImportOptions,
  print: (line: string) => void,
  clock?: Clock,
): Promise<void> {
  const { users: file, concurrency } = options;
  const service = new Service(options.url, clock);
  const histories = await readHistories(file, options.dropDuplicates);
  const progress = await ProgressFile.open(options.progress ?? `${file}.progress.jsonl`, service.url);
  try {
    const before = storedBefore({ histories, progress });
    if (before > 0) print(`${before} interactions were stored by an earlier run (${progress.path})`);
    const bar = progressBar('import', histories.interactions, before);
    const onStored = (count: number) => bar.increment(count);
    const outcome = await sendAll({ histories, progress, service, concurrency, onStored }).finally(() =>
      bar.stop(),
    );
    for (const line of describe(progress)) print(line);
    const { users, interactions, dropped: duplicates_dropped } = histories;
    const unknown_items = progress.unknownItems.size;
    const { retries } = service;
    print(JSON.stringify({ users, interactions, ...outcome, unknown_items, duplicates_dropped, retries }));
  } finally {
    await progress.close();
  }
}

function* describe({ unknownItems, someUnasked }: ProgressFile): Generator<string> {
  if (unknownItems.size > 0) {
    const some = [...unknownItems].slice(0, 5).join(', ');
    yield `${unknownItems.size} items are unknown to the model (${some} …); they are kept for models that know them`;
  }
  if (someUnasked) yield 'some interactions were stored without an answer on which items the model knows';
}

if (import.meta.main) await runCommand(command);
