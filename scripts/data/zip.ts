/** Files inside a zip. */
import { createWriteStream } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';
import { DataError } from './errors.ts';
import type { DataFile } from './files.ts';

/**
 * Unpacks the file whose base name is `name`, from any folder of the zip.
 * @throws {DataError} when the file is not a zip or has no such entry
 */
export async function unpack(zip: string, name: string, folder: string): Promise<DataFile> {
  const archive = await openPromise(zip).catch((cause: Error) => {
    throw new DataError(`${zip}: not a readable zip file (${cause.message})`);
  });
  const path = join(folder, name);
  for await (const entry of archive.eachEntry()) {
    if (basename(entry.fileName) !== name) continue;
    await pipeline(await archive.openReadStreamPromise(entry), createWriteStream(path));
    return { path, shown: `${zip}/${entry.fileName}` };
  }
  throw new DataError(`${zip}: no ${name} inside`);
}
