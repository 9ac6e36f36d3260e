import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from './errors.ts';
import { fileSource, type Source, zipSource } from './source.ts';

/**
 * A file of a dataset that GroupLens publishes as `<dataset>.zip`.
 * @param from the zip, a folder that has it, or a folder with the unpacked files at its top or in
 * `<dataset>/`
 * @throws {DataError} when the file is missing
 */
export async function movieLensFile(from: string, dataset: string, name: string): Promise<Source> {
  const zip = statSync(from).isFile() ? from : join(from, `${dataset}.zip`);
  if (existsSync(zip)) return zipSource(zip, name);
  const folder = existsSync(join(from, dataset)) ? join(from, dataset) : from;
  const file = join(folder, name);
  if (!existsSync(file)) throw new DataError(`${folder}: no ${name} inside`);
  return fileSource(file);
}
