/** Lines and records of text files one after the other: to say where something stands. */
import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { compressionOf } from './files.ts';

export interface Line {
  line: number;
  text: string;
}

/** The bytes of a file, unpacked when its name ends in `.gz` or `.zst`. */
export function openBytes(path: string): Readable {
  const file = createReadStream(path);
  const compression = compressionOf(path);
  if (compression === undefined) return file;
  // The signature asks for a callback; errors reach whoever iterates the stream.
  return pipeline(file, compression === 'gz' ? createGunzip() : createZstdDecompress(), () => {});
}

/**
 * Yields the non-blank lines of a file. Only LF and CRLF end a line; `node:readline` also breaks at U+2028,
 * which JSON allows within a string (RFC 8259, section 7).
 */
export async function* lines(path: string): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8');
  let line = 0;
  let rest = '';
  for await (const chunk of openBytes(path)) {
    const texts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = texts.pop() as string;
    for (const ended of texts) {
      line++;
      const text = ended.endsWith('\r') ? ended.slice(0, -1) : ended;
      if (text.trim() !== '') yield { line, text };
    }
  }
  if (rest.trim() !== '') yield { line: line + 1, text: rest };
}

/** The beginning of a file as text, unpacked. */
export async function headOf(path: string, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of openBytes(path)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks);
}
