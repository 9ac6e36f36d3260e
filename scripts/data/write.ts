/** Writes the common format: `interactions.csv` and `items.jsonl`. */
import { createWriteStream, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DatasetMeaning } from '../dataset.ts';
import { type Database, sqlText } from './database.ts';
import { EVENTS_FILE } from './events.ts';
import { type Item, type ItemReport, readItems } from './items.ts';
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
 * Writes both files into `partial`, then moves them to `out`. An old `interactions.csv` is removed first and
 * the new one comes last: a folder that has one has a whole dataset. Other files in `out` are left alone.
 */
export async function writeDataset(
  db: Database,
  read: Read,
  meaning: DatasetMeaning | undefined,
  { partial, out }: { partial: string; out: string },
): Promise<ItemReport> {
  const report: ItemReport = { items: 0, untitled: 0, leftOut: new Map() };
  const items = readItems(db, read.itemTable, report);
  await pipeline(itemLines(items), createWriteStream(join(partial, 'items.jsonl')));
  const target = sqlText(join(partial, 'interactions.csv'));
  await db.run(`COPY (${eventsSql(read)}) TO ${target} (HEADER)`, 'write');

  await mkdir(out, { recursive: true });
  await rm(join(out, 'interactions.csv'), { force: true });
  await rm(join(out, EVENTS_FILE), { force: true });
  if (meaning) await writeFile(join(out, EVENTS_FILE), `${JSON.stringify(meaning)}\n`);
  await rename(join(partial, 'items.jsonl'), join(out, 'items.jsonl'));
  await rename(join(partial, 'interactions.csv'), join(out, 'interactions.csv'));
  return report;
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
function eventsSql({ hasTypes, hasSplit, dropped }: Pick<Read, 'hasTypes' | 'hasSplit' | 'dropped'>): string {
  const columns = [
    '"user" AS user_id',
    'item AS item_id',
    `${TIME_TEXT} AS timestamp`,
    ...(hasTypes ? ['type'] : []),
    ...(hasSplit ? ['split'] : []),
  ];
  const kept = dropped > 0 ? 'WHERE rowid NOT IN (SELECT place FROM repeated) ORDER BY rowid' : '';
  return `SELECT ${columns.join(', ')} FROM events ${kept}`;
}

/** Seconds without zeros that say nothing. */
const TIME_TEXT = "rtrim(rtrim(time::VARCHAR, '0'), '.')";
