/** Reads what measuring commands print: text for people, then one line of JSON for machines. */
import { readFileSync } from 'node:fs';
import { DataError } from './data/errors.ts';

export function lastLine(printed: string): string {
  return printed.trimEnd().split('\n').at(-1)!;
}

/**
 * The object in the last line of a file.
 * @param fields that it must have, as a sign that the right command printed it
 * @throws {DataError} when the last line is not such an object
 */
export function readLastObject<T extends object>(path: string, ...fields: (keyof T & string)[]): T {
  const line = lastLine(readFileSync(path, 'utf8'));
  if (!line.startsWith('{')) throw new DataError(`${path}: the last line is not a JSON object`);
  let object: T;
  try {
    object = JSON.parse(line);
  } catch {
    throw new DataError(`${path}: the last line is an incomplete JSON object; was the command interrupted?`);
  }
  for (const field of fields) {
    if (!(field in object)) throw new DataError(`${path}: the object in the last line has no ${field}`);
  }
  return object;
}
