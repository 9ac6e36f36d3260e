/** `npm run data`: a dataset into the common format, and a report on it. */
import { defineCommand, runCommand } from '../command.ts';
import { describeList, UsageError } from '../options.ts';
import { DATASETS } from './datasets/index.ts';
import { DATASET_OPTIONS } from './options.ts';
import { prepare, type Report } from './prepare.ts';
import { describe } from './report.ts';

export const command = defineCommand({
  usage: `npm run data -- DATASET [options]

Writes data/<name>/interactions.csv (user_id,item_id,timestamp[,type][,split]) and items.jsonl
({"id","title","categories","properties"}). First it shows what it takes each column for.

Datasets
${describeList(DATASETS.map(({ name, description }) => [name, description]))}

Times are seconds, milliseconds, microseconds or nanoseconds since 1970, or dates as ISO 8601, PostgreSQL,
BigQuery and spreadsheets write them; they become seconds. A malformed row stops the run. The last line printed
is a JSON object.`,
  options: {
    from: { type: 'path', description: 'where the dataset is' },
    out: { type: 'string', value: 'DIR', description: 'where to write it (default: data/<name>)' },
    name: {
      type: 'string',
      value: 'NAME',
      description: 'its name (default: that of the dataset, or for csv of the folder or file)',
    },
    parquet: {
      type: 'boolean',
      description:
        'write items.parquet, and the log as interactions-00000.parquet and so on, 5 million rows each',
    },
    ...DATASET_OPTIONS,
  },
  positionals: { name: 'DATASET', min: 1, max: 1 },
  async main(options, { positionals: [name], print }) {
    const dataset = DATASETS.find((each) => each.name === name);
    if (!dataset) {
      const names = DATASETS.map((each) => each.name).join(', ');
      throw new UsageError(`unknown dataset ${name}: expected one of ${names}`);
    }
    const report = await prepare({ ...options, dataset }, print);
    for (const line of describe(report, options.keepOrder)) print(line);
    print(JSON.stringify(summary(report)));
  },
});

function summary(report: Report) {
  const { dataset, out, users, items, interactions, tied, dropped, incomplete, types, unlisted, checksum } =
    report;
  const { user, item, time } = incomplete;
  return {
    dataset,
    out,
    users,
    items,
    interactions,
    tied_rows: tied,
    duplicates_dropped: dropped,
    incomplete_dropped: user + item + time,
    unlisted_items: report.listed ? unlisted : items,
    ...(report.hasTypes && { types }),
    checksum,
  };
}

if (import.meta.main) await runCommand(command);
