import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { progressBar } from '../progress.ts';
import { DataError } from './errors.ts';

/** A file on the web. */
export interface Download {
  url: string;
  /** As its publisher gives it, if at all. */
  md5?: string;
}

export const fileNameOf = ({ url }: Download): string => basename(url);

/** @throws {DataError} when the server cannot be reached, answers with an error, or sends other bytes */
export async function download({ url, md5 }: Download, file: string): Promise<void> {
  const found = await fetchTo(url, file).catch((error: Error) => {
    const reason = error.cause instanceof Error ? error.cause.message || error.message : error.message;
    throw new DataError(`${url}: ${reason}; download it by other means and give it with --from`);
  });
  if (md5 !== undefined && found !== md5) {
    throw new DataError(`${url}: checksum differs: expected md5 ${md5}, found ${found}`);
  }
}

/** Streams the file to disk and returns its md5. */
async function fetchTo(url: string, file: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
  const hash = createHash('md5');
  const bar = progressBar(basename(url), Number(response.headers.get('content-length') ?? 0));
  async function* counted(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bar.increment(chunk.length);
      yield chunk;
    }
  }
  try {
    await pipeline(response.body, counted, createWriteStream(file));
  } finally {
    bar.stop();
  }
  return hash.digest('hex');
}

/** The md5 of a file on disk, in hex. */
export async function md5Of(file: string): Promise<string> {
  const hash = createHash('md5');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
