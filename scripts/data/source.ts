/** Where the bytes of an input file come from: a plain file, a gzipped one, or an entry of a zip. */
import { createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { openPromise } from 'yauzl';
import { DataError } from './errors.ts';
import { progressBar } from './progress.ts';

export interface Source {
  /** Path shown in messages. */
  file: string;
  /** Bytes that `open` will yield, for the progress bar. */
  bytes: number;
  open(): Promise<Readable>;
}

/** A file on disk; a name ending in `.gz` is decompressed by {@link readText}. */
export function fileSource(file: string): Source {
  return { file, bytes: statSync(file).size, open: async () => createReadStream(file) };
}

/**
 * The entry of a zip whose base name is `name`, in any folder of the zip.
 * @throws {DataError} when the file is not a zip or has no such entry
 */
export async function zipSource(zip: string, name: string): Promise<Source> {
  const { entry, archive } = await findEntry(zip, name);
  archive.close();
  return {
    file: `${zip}/${entry.fileName}`,
    bytes: entry.uncompressedSize,
    async open() {
      const { entry, archive } = await findEntry(zip, name);
      const stream = await archive.openReadStreamPromise(entry);
      archive.close(); // takes effect once the stream has ended
      return stream;
    },
  };
}

async function findEntry(zip: string, name: string) {
  const archive = await openPromise(zip, { autoClose: false }).catch((cause: Error) => {
    throw new DataError(`${zip}: not a readable zip file (${cause.message})`);
  });
  for await (const entry of archive.eachEntry()) {
    if (basename(entry.fileName) === name) return { entry, archive };
  }
  archive.close();
  throw new DataError(`${zip}: no ${name} inside`);
}

export type Encoding = 'utf-8' | 'latin1';

/**
 * Yields the text of a source in chunks, without a byte order mark, and shows a progress bar.
 * @throws {DataError} when the bytes are damaged or not in the encoding
 */
export async function* readText(source: Source, encoding: Encoding): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  // Not TextDecoder: its "latin1" is windows-1252, which differs in 0x80-0x9f (WHATWG Encoding, 4.2).
  const decode = (chunk: Buffer) =>
    encoding === 'latin1' ? chunk.toString('latin1') : decoder.decode(chunk, { stream: true });
  try {
    for await (const chunk of readBytes(source)) yield decode(chunk);
    decoder.decode();
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw new DataError(`${source.file}: not UTF-8 text`);
    throw new DataError(`${source.file}: ${message}`);
  }
}

function readBytes(source: Source): AsyncIterable<Buffer> {
  if (!source.file.endsWith('.gz')) return counted(source);
  // The signature asks for a callback; errors reach whoever iterates the stream.
  return pipeline(counted(source), createGunzip(), () => {});
}

async function* counted(source: Source): AsyncGenerator<Buffer> {
  const bar = progressBar(basename(source.file), source.bytes);
  try {
    for await (const chunk of await source.open()) {
      bar.increment(chunk.length);
      yield chunk;
    }
  } finally {
    bar.stop();
  }
}
