/** `npm run data`: a dataset into the common format, and a report on it. */
import { defineCommand, runCommand } from '../command.ts';
import { describeList, UsageError } from '../options.ts';
import { DATASETS } from './datasets/index.ts';
import { prepare, type Report } from './prepare.ts';

export const command = defineCommand({
  usage: `npm run data -- DATASET [options]

Writes data/<name>/interactions.csv (user_id,item_id,timestamp[,split]) and items.jsonl ({"id","title",...}).

Datasets
${describeList(DATASETS.map(({ name, description }) => [name, description]))}

Timestamps are numbers, or ISO-8601 dates, which become seconds since 1970. A malformed row stops the run. The
last line printed is a JSON object.`,
  options: {
    from: { type: 'path', description: 'where the dataset is' },
    items: {
      type: 'file',
      description: 'its item file, when that does not lie beside the interactions (csv)',
    },
    out: { type: 'string', value: 'DIR', description: 'where to write it (default: data/<name>)' },
    name: {
      type: 'string',
      value: 'NAME',
      description: 'its name (default: that of the dataset, or for csv of the folder or file)',
    },
    'keep-order': {
      type: 'boolean',
      description:
        "keep the file's order of a user's rows that have the same time; without it a seeded hash of " +
        '(user_id, item_id) orders them, so that neither file order nor item ids leak',
    },
    'drop-duplicates': {
      type: 'boolean',
      description: 'keep the first of rows with the same user, item and time; without it they are an error',
    },
    'allow-unlisted': {
      type: 'boolean',
      description: 'add items that the item file does not list, title = id; without it they are an error',
    },
  },
  positionals: { name: 'DATASET', min: 1, max: 1 },
  async main(options, { positionals: [name], print }) {
    const dataset = DATASETS.find((each) => each.name === name);
    if (!dataset) {
      const names = DATASETS.map((each) => each.name).join(', ');
      throw new UsageError(`unknown dataset ${name}: expected one of ${names}`);
    }
    const report = await prepare({ ...options, dataset });
    for (const line of describe(report, options.keepOrder)) print(line);
    print(JSON.stringify(summary(report)));
  },
});

function* describe(report: Report, keepOrder: boolean): Generator<string> {
  const { log, checksum } = report;
  const { items, untitled, unlisted, leftOut } = log.catalogue;
  const n = (count: number) => count.toLocaleString('en-US');
  const counts = `${n(log.users.length)} users, ${n(items.length)} items`;
  yield `${report.dataset}: ${n(report.interactions)} interactions, ${counts}`;
  if (checksum) yield `checksum: ${checksum === 'matches' ? "matches the publisher's" : 'differs'}`;
  const tieRule = keepOrder ? "in the file's order" : 'ordered by a seeded hash of (user_id, item_id)';
  yield `ties: ${n(report.tied)} rows share their user and time with another, ${tieRule}`;
  if (report.dropped > 0) yield `duplicates: ${n(report.dropped)} rows dropped`;
  if (unlisted === items.length) yield 'items: no item file, so made from the interactions, title = id';
  else if (unlisted > 0) yield `items: ${n(unlisted)} not in the item file added, title = id`;
  if (untitled > 0) yield `items: ${n(untitled)} without a title, title = id`;
  for (const [field, count] of leftOut) yield `items: field ${field} of ${n(count)} items left out, not text`;
}

function summary({ dataset, out, log, interactions, tied, dropped, checksum }: Report) {
  return {
    dataset,
    out,
    users: log.users.length,
    items: log.catalogue.items.length,
    interactions,
    tied_rows: tied,
    duplicates_dropped: dropped,
    unlisted_items: log.catalogue.unlisted,
    checksum,
  };
}

if (import.meta.main) await runCommand(command);
