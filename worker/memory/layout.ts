/**
 * The file of a memory of transitions: for each item, its strongest successors and their probabilities. It is
 * read in place, as three arrays that follow one another (little-endian):
 *
 *     starts         uint32 [items + 1]   item i has the entries starts[i] to starts[i + 1]
 *     successors     uint16 [entries]     item indices, ascending per item; uint32 from 65,537 items on
 *     probabilities  uint8  [entries]     `probabilityOf` says what each stands for
 */

/** Steps per halving of a probability. */
const STEPS = 16;

/** What each byte stands for: 2^(-byte / 16), from 1 down to 2^-15.9. */
const PROBABILITIES = Float64Array.from({ length: 256 }, (_, byte) => 2 ** (-byte / STEPS));

/** The smallest probability that has a byte of its own. Builders leave out successors below it. */
export const LEAST_PROBABILITY = PROBABILITIES[255];

/** The largest ratio between a probability and what its byte stands for: half a step. */
export const LARGEST_ERROR = 2 ** (0.5 / STEPS);

/** The nearest byte, for a probability from `LEAST_PROBABILITY` to 1. */
export function byteOf(probability: number): number {
  return Math.min(255, Math.max(0, Math.round(-STEPS * Math.log2(probability))));
}

export function probabilityOf(byte: number): number {
  return PROBABILITIES[byte];
}

export interface Transitions {
  starts: Uint32Array;
  successors: Uint16Array | Uint32Array;
  probabilities: Uint8Array;
}

export const idsOf = (items: number) => (items > 0x10000 ? Uint32Array : Uint16Array);

/** Bytes of a file for so many items and entries. */
export function fileBytes(items: number, entries: number): number {
  return 4 * (items + 1) + entries * (idsOf(items).BYTES_PER_ELEMENT + 1);
}

/**
 * The first array of a file, which says how many entries it has. @throws {RangeError} when the file has not
 * the size that follows from that
 */
export function startsOf(
  { buffer, byteOffset, length }: Uint8Array<ArrayBuffer>,
  items: number,
  bytesFor: (items: number, entries: number) => number,
): { starts: Uint32Array; entries: number } {
  if (length < bytesFor(items, 0)) throw new RangeError(`the memory is too short for ${items} items`);
  const starts = new Uint32Array(buffer, byteOffset, items + 1);
  const entries = starts[items];
  const expected = bytesFor(items, entries);
  if (length !== expected) {
    throw new RangeError(`the memory has ${length} bytes, ${entries} entries take ${expected}`);
  }
  return { starts, entries };
}

/**
 * The arrays over a file's bytes. @throws {RangeError} when the file is of another size than it says itself
 */
export function readTransitions(file: Uint8Array<ArrayBuffer>, items: number): Transitions {
  return transitionsIn(file, items, startsOf(file, items, fileBytes).entries, idsOf(items));
}

/** The arrays over a file's bytes, which are as many as it takes. */
export function transitionsIn(
  { buffer, byteOffset }: Uint8Array<ArrayBuffer>,
  items: number,
  entries: number,
  Ids: Uint16ArrayConstructor | Uint32ArrayConstructor,
): Transitions {
  const starts = new Uint32Array(buffer, byteOffset, items + 1);
  const at = byteOffset + starts.byteLength;
  const successors = new Ids(buffer, at, entries);
  const probabilities = new Uint8Array(buffer, at + successors.byteLength, entries);
  return { starts, successors, probabilities };
}

/** A file with these rows, one per item: pairs of successor and probability, ascending by successor. */
export function writeTransitions(rows: readonly (readonly [successor: number, probability: number])[][]) {
  const items = rows.length;
  const entries = rows.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(fileBytes(items, entries));
  new Uint32Array(bytes.buffer, 0, items + 1)[items] = entries;
  const { starts, successors, probabilities } = readTransitions(bytes, items);
  let at = 0;
  for (const [item, row] of rows.entries()) {
    starts[item] = at;
    for (const [successor, probability] of row) {
      successors[at] = successor;
      probabilities[at++] = byteOf(probability);
    }
  }
  return bytes;
}
