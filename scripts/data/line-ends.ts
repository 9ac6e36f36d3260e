/** Files whose lines end in more than one way. */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DataFile } from './files.ts';
import { openBytes } from './lines.ts';

const [LF, CR] = [0x0a, 0x0d];

/** Writes a copy, unpacked, in which every line ends in LF, and returns its path. */
export async function unifyLineEnds({ path }: DataFile, folder: string): Promise<string> {
  const copy = join(folder, `${randomUUID()}.csv`);
  await pipeline(openBytes(path), withLineFeeds, createWriteStream(copy));
  return copy;
}

async function* withLineFeeds(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let after = false; // the chunk before ended in CR, which is written as LF already
  for await (const chunk of chunks) {
    const out = Buffer.allocUnsafe(chunk.length);
    let length = 0;
    for (const byte of chunk) {
      if (!(after && byte === LF)) out[length++] = byte === CR ? LF : byte;
      after = byte === CR;
    }
    yield out.subarray(0, length);
  }
}
