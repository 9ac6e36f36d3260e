/** Writes the common format: `interactions.csv` and `items.jsonl`. */
import { createWriteStream, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Item } from './catalogue.ts';
import { type Interactions, SPLITS } from './interactions.ts';

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
 * @param rows row numbers of `log` in the order to write them
 */
export async function writeDataset(log: Interactions, rows: Uint32Array, partial: string, out: string) {
  await pipeline(itemLines(log.catalogue.items), createWriteStream(join(partial, 'items.jsonl')));
  await pipeline(interactionLines(log, rows), createWriteStream(join(partial, 'interactions.csv')));

  await mkdir(out, { recursive: true });
  await rm(join(out, 'interactions.csv'), { force: true });
  await rename(join(partial, 'items.jsonl'), join(out, 'items.jsonl'));
  await rename(join(partial, 'interactions.csv'), join(out, 'interactions.csv'));
}

/** Rows per string that is handed to the stream. */
const BATCH = 1024;

function* itemLines(items: Item[]): Generator<string> {
  for (let from = 0; from < items.length; from += BATCH) {
    yield items
      .slice(from, from + BATCH)
      .map((item) => `${JSON.stringify(item)}\n`)
      .join('');
  }
}

function* interactionLines(log: Interactions, rows: Uint32Array): Generator<string> {
  yield log.hasSplit ? 'user_id,item_id,timestamp,split\n' : 'user_id,item_id,timestamp\n';
  const users = log.users.map(csvField);
  const items = log.catalogue.items.map(({ id }) => csvField(id));
  for (let from = 0; from < rows.length; from += BATCH) {
    let text = '';
    for (const row of rows.subarray(from, from + BATCH)) {
      const split = log.hasSplit ? `,${SPLITS[log.split[row]]}` : '';
      text += `${users[log.user[row]]},${items[log.item[row]]},${log.time[row]}${split}\n`;
    }
    yield text;
  }
}

/** A CSV field, quoted if necessary. */
export const csvField = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
