/**
 * The file of a memory of affinities: for each item, its strongest weights with other items. It is read in
 * place, as arrays that follow one another (little-endian):
 *
 *     starts   uint32  [items + 1]   item i has the entries starts[i] to starts[i + 1]
 *     scales   float32 [items]       what one step of its weights is
 *     items    uint16  [entries]     item indices, ascending per item; uint32 from 65,537 items on
 *     weights  int8    [entries]     -127 to 127 steps
 */
import { idsOf, startsOf } from './layout.ts';

const MOST_STEPS = 127;

export interface AffinityRows {
  starts: Uint32Array;
  scales: Float32Array;
  items: Uint16Array | Uint32Array;
  weights: Int8Array;
}

const fileBytes = (items: number, entries: number) =>
  4 * (items + 1) + 4 * items + entries * (idsOf(items).BYTES_PER_ELEMENT + 1);

/**
 * The arrays over a file's bytes. @throws {RangeError} when the file is of another size than it says itself
 */
export function readAffinities(file: Uint8Array<ArrayBuffer>, items: number): AffinityRows {
  const { buffer, byteOffset } = file;
  const { starts, entries } = startsOf(file, items, fileBytes);
  const scales = new Float32Array(buffer, byteOffset + starts.byteLength, items);
  const Ids = idsOf(items);
  const at = byteOffset + starts.byteLength + scales.byteLength;
  const others = new Ids(buffer, at, entries);
  return { starts, scales, items: others, weights: new Int8Array(buffer, at + others.byteLength, entries) };
}

/** A file with these rows, one per item: pairs of another item and its weight, ascending by item. */
export function writeAffinities(rows: readonly (readonly (readonly [other: number, weight: number])[])[]) {
  const entries = rows.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(fileBytes(rows.length, entries));
  new Uint32Array(bytes.buffer, 0, rows.length + 1)[rows.length] = entries;
  const { starts, scales, items, weights } = readAffinities(bytes, rows.length);
  let at = 0;
  for (const [item, row] of rows.entries()) {
    starts[item] = at;
    const largest = row.reduce((most, [, weight]) => Math.max(most, Math.abs(weight)), 0);
    scales[item] = largest / MOST_STEPS;
    for (const [other, weight] of row) {
      items[at] = other;
      weights[at++] = Math.round(weight / (scales[item] || 1));
    }
  }
  return bytes;
}
