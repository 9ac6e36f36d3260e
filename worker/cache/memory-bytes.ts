/**
 * What the cache's entries take of an isolate's memory, rather too much than too little: V8's objects are
 * counted as measured in Node 24, and rounded up.
 */
import type { Entry } from './state-cache.ts';
import { arraysOf } from './state-codec.ts';

/** The objects around a state: entry, arrays' headers, the LRU list's slots. */
const ENTRY_BYTES = 4000;
/** A list's array, and its place in the map. */
const LIST_BYTES = 400;
/** An item and its score; the score is an object of its own. */
const RANKED_BYTES = 72;
/** What is noted of the last write, beside its key. */
export const WRITE_BYTES = 400;

/** Of a user's entries. */
export function memoryBytes(entries: readonly Entry[], user: string): number {
  return entries.reduce((sum, entry) => sum + entryBytes(entry), 2 * user.length);
}

function entryBytes({ stored: { history, state }, lists }: Entry): number {
  const { items, had, unknown } = history;
  const arrays = [items, had, unknown.hashes, ...(state ? arraysOf(state) : [])];
  // Whole buffers: an array may be a small part of what it keeps alive.
  const buffers = new Set(arrays.map(({ buffer }) => buffer));
  let bytes = ENTRY_BYTES;
  for (const { byteLength } of buffers) bytes += byteLength;
  for (const name of unknown.named) bytes += 2 * name.length + 24;
  for (const [name, list] of lists) bytes += LIST_BYTES + 2 * name.length + RANKED_BYTES * list.length;
  return bytes;
}
