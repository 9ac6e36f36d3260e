/**
 * The user's own tables: `interactions.csv` and `items.jsonl` or `items.csv`; or `.inter` and `.item` of
 * RecBole.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Catalogue } from '../catalogue.ts';
import type { Dataset } from '../dataset.ts';
import { DataError } from '../errors.ts';
import { parseTimestamp } from '../fields.ts';
import { Interactions } from '../interactions.ts';
import { readItems } from '../items.ts';
import { columnOf, tableRows } from '../rows.ts';
import { fileSource, type Source } from '../source.ts';

export const csv: Dataset = {
  name: 'csv',
  description:
    'your own: --from names a folder with interactions.csv and items.jsonl or items.csv, or with *.inter and ' +
    '*.item of RecBole; or the interactions file itself. Each may be gzipped (.gz)',
  ownFiles: true,
  nameOf: (from) => findTables(from).name,
  async read({ from, items, allowUnlisted }) {
    const files = findTables(from);
    const itemFile = items ?? files.items;
    const catalogue = itemFile === undefined ? new Catalogue() : await readItems(fileSource(itemFile));
    const addUnlisted = allowUnlisted || itemFile === undefined;
    return readInteractions(fileSource(files.interactions), catalogue, addUnlisted);
  },
};

interface TableFiles {
  interactions: string;
  /** Absent when the interactions make the items. */
  items?: string;
  /** Name of the dataset when the user gives none. */
  name: string;
}

/**
 * Finds the files in a folder, or those that belong to an interactions file.
 * @throws {DataError} when there are none, or several to choose from
 */
function findTables(from: string): TableFiles {
  const given = statSync(from).isFile();
  if (given && !/\.(csv|inter)(\.gz)?$/.test(from)) {
    throw new DataError(`${from}: expected a name ending in .csv, .inter, .csv.gz or .inter.gz`);
  }
  const interactions = given ? from : one(from, interactionFiles(from));
  if (interactions === undefined) throw new DataError(`${from}: no interactions.csv or *.inter inside`);

  const folder = dirname(interactions);
  const stem = basename(interactions).replace(/\.(csv|inter)(\.gz)?$/, '');
  const itemFiles = ['items.jsonl', 'items.csv', `${stem}.item`].flatMap((name) => [name, `${name}.gz`]);
  const items = one(
    folder,
    itemFiles.filter((name) => existsSync(join(folder, name))),
  );
  const name = given && stem !== 'interactions' ? stem : basename(resolve(folder));
  return { interactions, items, name };
}

const interactionFiles = (folder: string) =>
  readdirSync(folder).filter((name) => /^interactions\.csv(\.gz)?$|\.inter(\.gz)?$/.test(name));

function one(folder: string, names: string[]): string | undefined {
  if (names.length > 1) throw new DataError(`${folder}: holds ${names.join(' and ')}; keep the one to read`);
  return names.length === 1 ? join(folder, names[0]) : undefined;
}

async function readInteractions(source: Source, catalogue: Catalogue, addUnlisted: boolean) {
  const log = new Interactions(catalogue, source.file, addUnlisted);
  let columns: ReturnType<typeof findColumns> | undefined;
  for await (const { line, header, fields } of tableRows(source)) {
    const place = { file: source.file, line };
    columns ??= findColumns(header, source.file);
    const time = parseTimestamp(fields[columns.time], place, 'timestamp');
    log.add(fields[columns.user], fields[columns.item], time, place, fields[columns.split]);
    log.hasSplit = columns.split >= 0;
  }
  return log;
}

/** Positions of the columns, in whatever order they stand; `split` is -1 when the file has none. */
function findColumns(header: string[], file: string) {
  return {
    user: columnOf(header, 'user_id', file),
    item: columnOf(header, 'item_id', file),
    time: columnOf(header, 'timestamp', file),
    split: header.indexOf('split'),
  };
}
