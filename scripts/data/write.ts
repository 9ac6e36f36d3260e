/** Writes the common format: `interactions.csv`, or the same in Parquet shards, and `items.jsonl`. */
import { createWriteStream, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DatasetMeaning } from '../dataset.ts';
import { type Database, sqlText } from './database.ts';
import { EVENTS_FILE } from './events.ts';
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
  await pipeline(itemLines(items), createWriteStream(join(partial, 'items.jsonl')));
  const log = await writeLog(db, read, { partial, parquet });

  await mkdir(out, { recursive: true });
  for (const old of (await readdir(out)).filter(isLogFile)) await rm(join(out, old));
  await rm(join(out, EVENTS_FILE), { force: true });
  if (meaning) await writeFile(join(out, EVENTS_FILE), `${JSON.stringify(meaning)}\n`);
  for (const name of ['items.jsonl', ...log.toReversed()]) await rename(join(partial, name), join(out, name));
  return report;
}

/** Rows per Parquet file. */
const SHARD_ROWS = 5_000_000;

/** Writes the log into `partial`, and names its files in the order of their rows. */
async function writeLog(
  db: Database,
  read: Read,
  { partial, parquet }: { partial: string; parquet: boolean },
): Promise<string[]> {
  const copy = (name: string, sql: string, format: string) =>
    db.run(`COPY (${sql}) TO ${sqlText(join(partial, name))} (${format})`, `write ${name}`);
  if (!parquet) {
    await copy(LOG_CSV, eventsSql(read, TIME_TEXT), 'HEADER');
    return [LOG_CSV];
  }
  const { rows } = await db.row<{ rows: number }>('SELECT count(*)::DOUBLE AS rows FROM events');
  const names: string[] = [];
  for (let start = 0; start < rows || start === 0; start += SHARD_ROWS) {
    const name = shardName(names.length);
    const shard = `rowid >= ${start} AND rowid < ${start + SHARD_ROWS}`;
    await copy(name, eventsSql(read, 'time', shard), 'FORMAT parquet');
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
  return `SELECT ${columns.join(', ')} FROM events WHERE ${rows} ${kept}`;
}

/** Seconds without zeros that say nothing. */
const TIME_TEXT = "rtrim(rtrim(time::VARCHAR, '0'), '.')";
