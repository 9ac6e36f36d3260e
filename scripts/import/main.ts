/** `npm run import`: existing histories into the service's logs. */
import { defineCommand, runCommand } from '../command.ts';
import { LOG_OPTIONS } from '../data/options.ts';
import { progressBar } from '../progress.ts';
import { readBackup } from './backup.ts';
import { type Histories, type HistoryOptions, withHistories } from './histories.ts';
import { ProgressFile } from './progress-file.ts';
import { type Outcome, sendAll, storedBefore } from './send.ts';
import { type Clock, Service } from './service.ts';

const command = defineCommand({
  usage: `npm run import -- --users FILE [options]

Sends the interactions of a file to the service, each user's oldest first. Every row is checked before
anything is sent. An interrupted import goes on when the same command is started again, and stores nothing
twice; when the file has grown, it sends what is new.

FILE is a log as npm run data reads it, times being optional; or JSON Lines whose objects have a user and
items, a list of {"id","timestamp"}. A user's rows that come late are sent behind those that were sent. With
--backup it is a backup (npm run export), and interactions are stored again as they were, in their order.
A service with keys takes one with the scopes read and write, in the variable EARN_API_KEY. The last line
printed is a JSON object.`,
  options: {
    users: {
      type: 'path',
      required: true,
      description: 'the interactions: a file, or a folder of its parts',
    },
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
    backup: { type: 'boolean', description: 'FILE is a backup; the options below say nothing of it' },
    ...LOG_OPTIONS,
  },
  main: (options, { print }) => importHistories(options, print),
});

export interface ImportOptions extends HistoryOptions {
  users: string;
  url: string;
  concurrency: number;
  progress: string | undefined;
  backup?: boolean;
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
  const send = async (histories: Histories) => {
    const progress = await ProgressFile.open(options.progress ?? `${file}.progress.jsonl`, service.url);
    try {
      const before = await storedBefore({ histories, progress });
      if (before > 0) print(`${before} interactions were stored by an earlier run (${progress.path})`);
      const bar = progressBar('import', histories.interactions, before);
      const onStored = (count: number) => bar.increment(count);
      const outcome = await sendAll({ histories, progress, service, concurrency, onStored }).finally(() =>
        bar.stop(),
      );
      for (const line of describe(progress, outcome)) print(line);
      print(JSON.stringify(summary(histories, outcome, progress, service)));
    } finally {
      await progress.close();
    }
  };
  if (options.backup) await send(await readBackup(file));
  else await withHistories(file, options, print, send);
}

function summary(
  histories: Histories,
  outcome: Outcome,
  { unknownItems }: ProgressFile,
  { retries }: Service,
) {
  return {
    users: histories.users,
    interactions: histories.interactions,
    ...outcome,
    unknown_items: unknownItems.size,
    duplicates_dropped: histories.dropped,
    incomplete_dropped: histories.incomplete,
    retries,
  };
}

function* describe({ unknownItems, someUnasked }: ProgressFile, { late }: Outcome): Generator<string> {
  if (late > 0) yield `${late} interactions came late: they stand behind newer ones of their users`;
  if (unknownItems.size > 0) {
    const some = [...unknownItems].slice(0, 5).join(', ');
    yield `${unknownItems.size} items are unknown to the model (${some} …); they are kept for models that know them`;
  }
  if (someUnasked) yield 'some interactions were stored without an answer on which items the model knows';
}

if (import.meta.main) await runCommand(command);
