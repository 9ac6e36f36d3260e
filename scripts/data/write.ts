/** Writes the common format: `interactions.csv` and `items.jsonl`, or the same rows in Parquet. */
import { createWriteStream, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DatasetMeaning } from '../dataset.ts';
import { type Database, sqlText } from './database.ts';
import { EVENTS_FILE } from './events.ts';
import { ITEM_FILES, ITEMS_JSON, ITEMS_PARQUET, itemRows } from './item-files.ts';
import { type Item, type ItemReport, readItems } from './items.ts';
import { isLogFile, LOG_CSV, shardName } from './log-files.ts';
import type { Read } from './read.ts';

/**
 * Runs `use` with a temporary folder beside `out`, on the same disk so that files can be renamed into place.
 * The folder is removed afterwards, also when `use` throws and when the process exits.
 */
export async function withPartial<T>(out: string, use: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(dirname(resolve(out)), { recursive: true });
  const folder = await mkdtemp(`${resolve(out)}.partial-`);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    return await use(folder);
  } finally {
    remove();
    process.off('exit', remove);
  }
}

/**
 * Writes both tables into `partial`, then moves them to `out`. An old log is removed first, and the first
 * file of the new one comes last: a folder that has it has a whole dataset. Other files in `out` are left
 * alone.
 */
export async function writeDataset(
  db: Database,
  read: Read,
  meaning: DatasetMeaning | undefined,
  { partial, out, parquet }: { partial: string; out: string; parquet: boolean },
): Promise<ItemReport> {
  const report: ItemReport = { items: 0, untitled: 0, leftOut: new Map() };
  const items = readItems(db, read.itemTable, report);
  const lines = join(partial, ITEMS_JSON);
  await pipeline(itemLines(items), createWriteStream(lines));
  if (parquet) await copy(db, itemRows(lines), join(partial, ITEMS_PARQUET), 'FORMAT parquet');
  const log = await writeLog(db, read, { partial, parquet });

  await mkdir(out, { recursive: true });
  for (const old of (await readdir(out)).filter(isLogFile)) await rm(join(out, old));
  for (const old of [...ITEM_FILES, EVENTS_FILE]) await rm(join(out, old), { force: true });
  if (meaning) await writeFile(join(out, EVENTS_FILE), `${JSON.stringify(meaning)}\n`);
  for (const name of [parquet ? ITEMS_PARQUET : ITEMS_JSON, ...log.toReversed()]) {
    await rename(join(partial, name), join(out, name));
  }
  return report;
}

const copy = (db: Database, rows: string, path: string, format: string): Promise<void> =>
  db.run(`COPY (FROM ${rows}) TO ${sqlText(path)} (${format})`, `write ${basename(path)}`);

/** Rows per Parquet file. */
const SHARD_ROWS = 5_000_000;

/** Writes the log into `partial`, and names its files in the order of their rows. */
async function writeLog(
  db: Database,
  read: Read,
  { partial, parquet }: { partial: string; parquet: boolean },
): Promise<string[]> {
  if (!parquet) {
    await copy(db, eventsSql(read, TIME_TEXT), join(partial, LOG_CSV), 'HEADER');
    return [LOG_CSV];
  }
  const { rows } = await db.row<{ rows: number }>('SELECT count(*)::DOUBLE AS rows FROM events');
  const names: string[] = [];
  for (let start = 0; start < rows || start === 0; start += SHARD_ROWS) {
    const name = shardName(names.length);
    const shard = `rowid >= ${start} AND rowid < ${start + SHARD_ROWS}`;
    await copy(db, eventsSql(read, 'time', shard), join(partial, name), 'FORMAT parquet');
    names.push(name);
  }
  return names;
}

/** Lines per string that is handed to the stream. */
const BATCH = 1024;

async function* itemLines(items: AsyncIterable<Item>): AsyncGenerator<string> {
  let batch: string[] = [];
  for await (const item of items) {
    batch.push(`${JSON.stringify(item)}\n`);
    if (batch.length < BATCH) continue;
    yield batch.join('');
    batch = [];
  }
  yield batch.join('');
}

/** Rows as they stand in `events`: DuckDB keeps the order of a table that it copies. */
function eventsSql(
  { hasTypes, hasSplit, dropped }: Pick<Read, 'hasTypes' | 'hasSplit' | 'dropped'>,
  time: string,
  rows = 'true',
): string {
  const columns = [
    '"user" AS user_id',
    'item AS item_id',
    `${time} AS timestamp`,
    ...(hasTypes ? ['type'] : []),
    ...(hasSplit ? ['split'] : []),
  ];
  const kept = dropped > 0 ? 'AND rowid NOT IN (SELECT place FROM repeated) ORDER BY rowid' : '';
  return `(SELECT ${columns.join(', ')} FROM events WHERE ${rows} ${kept})`;
}

/** Seconds without zeros that say nothing. */
const TIME_TEXT = "rtrim(rtrim(time::VARCHAR, '0'), '.')";
