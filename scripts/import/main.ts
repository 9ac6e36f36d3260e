/** `npm run import`: existing histories into the service's logs. */
import { parseFlags, run } from '../command.ts';
import { DataError } from '../data/errors.ts';
import { progressBar } from '../data/progress.ts';
import { readHistories } from './histories.ts';
import { ProgressFile } from './progress-file.ts';
import { sendAll, storedBefore } from './send.ts';
import { type Clock, Service } from './service.ts';

const USAGE = `Usage: npm run import -- --users FILE [--url URL] [flags]

Sends the interactions of a file to the service, each user's oldest first. Nothing is sent unless every row is right.
When it was interrupted, the same command goes on, and stores nothing twice; when the file has grown, it sends what is new.

FILE is a CSV with user_id,item_id[,timestamp], a RecBole .inter, or JSON Lines (.jsonl) with one
{"user_id","item_id","timestamp"} or {"user_id","items":[{"id","timestamp"}]} a line; each may be gzipped (.gz).

Flags
  --users FILE        the interactions
  --url URL           the service (default: http://127.0.0.1:8787)
  --concurrency N     users whose interactions are on their way at the same time (default: 8)
  --progress FILE     where it is kept what was sent (default: FILE.progress.jsonl)
  --drop-duplicates   of rows with the same user, item and time keep the first; without it they are an error
  --help              print this

The last line printed is a JSON object.`;

/**
 * Imports as the flags say.
 * @param print takes each line of the report
 * @param clock what pauses between attempts are measured with
 * @throws {DataError} when the flags or the file are not as they should be, or the service does not take it
 */
export async function main(args: string[], print: (line: string) => void, clock?: Clock): Promise<void> {
  const options = parse(args);
  if (options === 'help') return print(USAGE);
  const { users: file, concurrency } = options;
  const service = new Service(options.url, clock);
  const histories = await readHistories(file, options['drop-duplicates']);
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
    yield `${unknownItems.size} items are unknown to the model (${some} …); they are kept, and count once a model knows them`;
  }
  if (someUnasked) yield 'some interactions were stored without an answer on which items the model knows';
}

function parse(args: string[]) {
  const { values } = parseFlags({
    args,
    options: {
      users: { type: 'string' },
      url: { type: 'string', default: 'http://127.0.0.1:8787' },
      concurrency: { type: 'string', default: '8' },
      progress: { type: 'string' },
      'drop-duplicates': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const { users } = values;
  if (users === undefined)
    throw new DataError('--users is needed, a file of interactions (--help prints usage)');
  const concurrency = Number(values.concurrency);
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new DataError(`--concurrency: expected a whole number from 1, found ${values.concurrency}`);
  }
  return { ...values, users, concurrency };
}

if (import.meta.main) await run(main);
