import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from './errors.ts';
import type { DataFile } from './files.ts';
import { unpack } from './zip.ts';

/**
 * A file of a dataset that GroupLens publishes as `<dataset>.zip`.
 * @param from the zip, a folder that has it, or a folder with the unpacked files at its top or in
 * `<dataset>/`
 * @param folder where to unpack it
 * @throws {DataError} when the file is missing
 */
export async function movieLensFile(
  from: string,
  dataset: string,
  name: string,
  folder: string,
): Promise<DataFile> {
  const zip = statSync(from).isFile() ? from : join(from, `${dataset}.zip`);
  if (existsSync(zip)) return unpack(zip, name, folder);
  const unpacked = existsSync(join(from, dataset)) ? join(from, dataset) : from;
  const path = join(unpacked, name);
  if (!existsSync(path)) throw new DataError(`${unpacked}: no ${name} inside`);
  return { path, shown: path };
}
