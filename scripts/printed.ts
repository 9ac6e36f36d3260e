/** Reads what measuring commands print: text for people, then one line of JSON for machines. */
import { readFileSync } from 'node:fs';
import { DataError } from './data/errors.ts';

export function lastLine(printed: string): string {
  return printed.trimEnd().split('\n').at(-1)!;
}

/**
 * The object in the last line of a file.
 * @throws {DataError} when the last line is no JSON object
 */
export function readLastObject<T extends object>(path: string): T {
  const line = lastLine(readFileSync(path, 'utf8'));
  if (!line.startsWith('{')) throw new DataError(`${path}: the last line is no JSON object`);
  try {
    return JSON.parse(line) as T;
  } catch {
    throw new DataError(`${path}: the last line is no whole JSON object; was the command interrupted?`);
  }
}
