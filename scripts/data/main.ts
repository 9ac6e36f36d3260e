/** `npm run data`: flags in, a report and one JSON object out. */
import { parseFlags, run } from '../command.ts';
import type { Download } from './download.ts';
import { DataError } from './errors.ts';
import { type PrepareOptions, prepare, type Report } from './prepare.ts';

const USAGE = `Usage: npm run data -- <dataset> [flags]

Writes data/<name>/interactions.csv (user_id,item_id,timestamp[,split]) and items.jsonl ({"id","title",...}).

Datasets
  ml-1m     MovieLens-1M. Downloads GroupLens' ml-1m.zip, or takes --from, a zip or an unpacked folder.
  example   A small made-up shop, the same every time: 300 users, 120 items.
  csv       Your own: --from a folder with interactions.csv and items.jsonl or items.csv, or with RecBole's
            *.inter and *.item; or --from the interactions file itself. Each may be gzipped (.gz).

Flags
  --from PATH         where the dataset is
  --items FILE        its item file, when that does not lie beside the interactions (csv)
  --out DIR           where to write it (default: data/<name>)
  --name NAME         its name (default: ml-1m, example, or that of the folder or file)
  --keep-order        rows of a user at the same time keep the file's order; without it a seeded hash of
                      (user_id, item_id) orders them, so that neither file order nor item ids leak
  --drop-duplicates   of rows with the same user, item and time keep the first; without it they are an error
  --allow-unlisted    add items that the item file does not list, title = id; without it they are an error
  --help              print this

Timestamps are numbers, or ISO-8601 dates, which become seconds since 1970. A malformed row stops the run.
The last line printed is a JSON object.`;

/**
 * Prepares a dataset as the flags say.
 * @param print takes each line of the report
 * @param source where `ml-1m` is downloaded from, GroupLens unless given
 * @throws {DataError} when the flags or the data are not as they should be
 */
export async function main(args: string[], print: (line: string) => void, source?: Download): Promise<void> {
  const options = parse(args);
  if (options === 'help') return print(USAGE);
  const report = await prepare({ ...options, source });
  for (const line of describe(report, options.keepOrder)) print(line);
  print(JSON.stringify(summary(report)));
}

function parse(args: string[]): PrepareOptions | 'help' {
  const { values, positionals } = parseFlags({
    args,
    allowPositionals: true,
    options: {
      from: { type: 'string' },
      items: { type: 'string' },
      out: { type: 'string' },
      name: { type: 'string' },
      'keep-order': { type: 'boolean', default: false },
      'drop-duplicates': { type: 'boolean', default: false },
      'allow-unlisted': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  if (positionals.length !== 1)
    throw new DataError('expected one dataset, ml-1m, example or csv (--help prints usage)');
  return {
    dataset: positionals[0],
    from: values.from,
    items: values.items,
    out: values.out,
    name: values.name,
    keepOrder: values['keep-order'],
    dropDuplicates: values['drop-duplicates'],
    allowUnlisted: values['allow-unlisted'],
  };
}

function* describe(report: Report, keepOrder: boolean): Generator<string> {
  const { log, checksum } = report;
  const { items, untitled, unlisted, leftOut } = log.catalogue;
  const n = (count: number) => count.toLocaleString('en-US');
  const counts = `${n(log.users.length)} users, ${n(items.length)} items`;
  yield `${report.dataset}: ${n(report.interactions)} interactions, ${counts}`;
  if (checksum) yield `checksum: ${checksum === 'matches' ? "matches GroupLens'" : 'differs'}`;
  const tieRule = keepOrder ? "in the file's order" : 'ordered by a seeded hash of (user_id, item_id)';
  yield `ties: ${n(report.tied)} rows share their user and time with another, ${tieRule}`;
  if (report.dropped > 0) yield `duplicates: ${n(report.dropped)} rows dropped`;
  if (report.madeItems) yield 'items: no item file, so made from the interactions, title = id';
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

if (import.meta.main) await run(main);
