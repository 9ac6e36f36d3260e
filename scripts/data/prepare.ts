/** Takes a dataset from where it is and writes it in the common format. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../options.ts';
import { Database } from './database.ts';
import type { Dataset } from './dataset.ts';
import { type Download, download, fileNameOf, md5Of } from './download.ts';
import { type MeaningOptions, meaningOf } from './events.ts';
import { type DatasetReport, type ReadOptions, readDataset } from './read.ts';
import { withPartial, writeDataset } from './write.ts';

export interface PrepareOptions extends ReadOptions, MeaningOptions {
  dataset: Dataset;
  /** The file or folder that has it. */
  from?: string;
  /** The item file, when it does not lie beside the interactions. */
  items?: string;
  /** @default `data/<name>` */
  out?: string;
  /** @default the dataset's own */
  name?: string;
  /** Writes the log in Parquet shards, and no CSV. */
  parquet?: boolean;
}

export interface Report extends DatasetReport {
  dataset: string;
  out: string;
  /** Whether the files have their publisher's checksum; absent when there is none to compare. */
  checksum?: 'matches' | 'differs';
}

/**
 * @param print takes lines that say what is read, before the reading begins
 * @throws {UsageError} when the options don't suit the dataset
 * @throws {DataError} when the data is not as it should be
 */
export async function prepare(
  options: PrepareOptions,
  print: (line: string) => void = () => {},
): Promise<Report> {
  const { dataset, from, items } = options;
  checkOptions(options);
  const name = options.name ?? (from && dataset.nameOf?.(from)) ?? dataset.name;
  const out = outFolder(options.out, name);
  return withPartial(out, async (partial) => {
    const { downloads = [] } = dataset;
    if (from === undefined) {
      for (const file of downloads) await download(file, join(partial, fileNameOf(file)));
    }
    const input = from ?? partial;
    const tables = await dataset.tables({ from: input, items, folder: partial });
    const db = await Database.open(partial);
    try {
      const read = await readDataset(db, tables, { ...options, folder: partial }, print);
      const written = await writeDataset(db, read, meaningOf(options, read.hasTypes ? read.types : {}), {
        partial,
        out,
        parquet: options.parquet ?? false,
      });
      const checksum = await compareChecksums(downloads, input);
      return { dataset: name, out, ...read, ...written, ...(checksum && { checksum }) };
    } finally {
      db.close();
    }
  });
}

function checkOptions({ dataset: { name, downloads, ownFiles }, from, items }: PrepareOptions): void {
  if (ownFiles && from === undefined) throw new UsageError(`${name} needs --from, a folder or a file`);
  if (!ownFiles && items !== undefined)
    throw new UsageError(`${name} has its own items and takes no --items`);
  if (!ownFiles && !downloads && from !== undefined) {
    throw new UsageError(`${name} is made up and takes no --from`);
  }
}

function outFolder(out: string | undefined, name: string): string {
  if (!/^\w[\w.-]*$/.test(name)) {
    throw new UsageError(`--name: expected letters, digits, "-", "_" and ".", found "${name}"`);
  }
  return out ?? join('data', name);
}

/** @param from the only download itself, or a folder that may have them */
async function compareChecksums(downloads: Download[], from: string): Promise<Report['checksum']> {
  let checksum: Report['checksum'];
  for (const file of downloads) {
    const path = statSync(from).isFile() ? from : join(from, fileNameOf(file));
    if (file.md5 === undefined || !existsSync(path)) continue;
    if ((await md5Of(path)) !== file.md5) return 'differs';
    checksum = 'matches';
  }
  return checksum;
}
