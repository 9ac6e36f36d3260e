/** Takes a dataset from where it is and writes it in the common format. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../options.ts';
import { type Download, download, MOVIELENS_1M, md5Of } from './download.ts';
import { DataError } from './errors.ts';
import { exampleShop } from './example.ts';
import type { Interactions } from './interactions.ts';
import { findMovieLens, readMovieLens } from './movielens.ts';
import { type OrderOptions, orderRows } from './order.ts';
import { findTables, readTables } from './tables.ts';
import { withPartial, writeDataset } from './write.ts';

export interface PrepareOptions extends OrderOptions {
  dataset: string;
  from?: string;
  /** The item file, when it does not lie beside the interactions. */
  items?: string;
  /** @default `data/<name>` */
  out?: string;
  name?: string;
  /** Whether interactions may name items that no item file lists. */
  allowUnlisted: boolean;
  /** Where `ml-1m` is downloaded from. @default GroupLens */
  source?: Download;
}

export interface Report {
  dataset: string;
  out: string;
  log: Interactions;
  interactions: number;
  tied: number;
  dropped: number;
  /** Whether the zip has GroupLens' checksum; absent when no zip was read. */
  checksum?: 'matches' | 'differs';
  /** Whether there was no item file, so that the interactions made the items. */
  madeItems: boolean;
}

/** @throws {DataError} when the flags or the data are not as they should be */
export async function prepare(options: PrepareOptions): Promise<Report> {
  const { from } = options;
  if (options.dataset === 'ml-1m') return prepareMovieLens(options);
  if (options.dataset === 'example') return prepareExample(options);
  if (options.dataset !== 'csv') {
    throw new UsageError(`unknown dataset ${options.dataset}: expected ml-1m, example or csv`);
  }
  if (from === undefined) throw new UsageError('csv needs --from, a folder or a file');
  return prepareTables(options, from);
}

function prepareMovieLens(options: PrepareOptions): Promise<Report> {
  const { from, name = 'ml-1m', source = MOVIELENS_1M } = options;
  const out = outFolder(options.out, name);
  return withPartial(out, async (partial) => {
    const path = from ?? join(partial, 'ml-1m.zip');
    if (from === undefined) await download(source, path);
    const log = await readMovieLens(await findMovieLens(path), options.allowUnlisted);
    const written = await write(log, options, partial, out);
    const report = { dataset: name, out, log, ...written, madeItems: false };
    if (statSync(path).isDirectory()) return report;
    const checksum = (await md5Of(path)) === source.md5 ? 'matches' : 'differs';
    return { ...report, checksum };
  });
}

function prepareExample(options: PrepareOptions): Promise<Report> {
  if (options.from !== undefined) throw new UsageError('example is made up and takes no --from');
  const { name = 'example' } = options;
  const out = outFolder(options.out, name);
  return withPartial(out, async (partial) => {
    const log = exampleShop();
    return { dataset: name, out, log, ...(await write(log, options, partial, out)), madeItems: false };
  });
}

function prepareTables(options: PrepareOptions, from: string): Promise<Report> {
  const files = { ...findTables(from), ...(options.items && { items: options.items }) };
  const name = options.name ?? files.name;
  const out = outFolder(options.out, name);
  return withPartial(out, async (partial) => {
    const log = await readTables(files, options.allowUnlisted);
    const written = await write(log, options, partial, out);
    return { dataset: name, out, log, ...written, madeItems: files.items === undefined };
  });
}

function outFolder(out: string | undefined, name: string): string {
  if (!/^\w[\w.-]*$/.test(name)) {
    throw new DataError(`--name: expected letters, digits, "-", "_" and ".", found "${name}"`);
  }
  return out ?? join('data', name);
}

async function write(log: Interactions, options: OrderOptions, partial: string, out: string) {
  if (log.count === 0) throw new DataError(`${log.file}: no interactions`);
  const { rows, tied, dropped } = orderRows(log, options);
  await writeDataset(log, rows, partial, out);
  return { interactions: rows.length, tied, dropped };
}
