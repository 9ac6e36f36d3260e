import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { command } from '../../scripts/data/main.ts';

/** A folder that is removed after the test, filled with the given files (path -> content). */
export function folder(files: Record<string, string | Buffer> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'earn-edge-data-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

/**
 * Runs the command as from the shell; `text` is what it printed but the last line, `summary` the last line.
 */
export async function data(args: string[]) {
  const printed: string[] = [];
  await command.execute(args, (line) => printed.push(line));
  return { summary: JSON.parse(printed.pop() as string), text: printed.join('\n') };
}

/** The error message of a run that is to fail, with the folder of its files taken out. */
export async function failure(path: string, ...args: string[]): Promise<string> {
  const error = await data([...args, '--out', join(path, 'out')]).catch((error: Error) => error);
  if (!(error instanceof Error)) throw new Error('the run was to fail');
  return error.message.replaceAll(`${path}/`, '');
}

/** Values of the options that a dataset is prepared with when none is given. */
export const USUAL = {
  keepOrder: false,
  dropDuplicates: false,
  dropIncomplete: false,
  allowUnlisted: false,
  tieSeed: 'earn-edge',
  encoding: 'utf-8',
};

/** Rows of the written interactions, header first. */
export const rowsOf = (out: string) =>
  readFileSync(join(out, 'interactions.csv'), 'utf-8').trimEnd().split('\n');

/** The written items. */
export const itemsOf = (out: string) =>
  readFileSync(join(out, 'items.jsonl'), 'utf-8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** A zip of stored, uncompressed entries (PKWARE APPNOTE 4.3). */
export function zip(entries: Record<string, Buffer | string>): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(entries)) {
    const [path, content] = [Buffer.from(name), Buffer.from(text)];
    const common = Buffer.alloc(26); // from "version needed" to "extra field length"
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, path, content]);
    const rest = Buffer.alloc(14); // comment length, disk, attributes, offset of the local header
    rest.writeUInt32LE(offset, 10);
    centrals.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), common, rest, path]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(centrals.length, 8);
  end.writeUInt16LE(centrals.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
