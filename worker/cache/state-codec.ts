/**
 * What is kept of a user, as bytes. Little-endian:
 *
 *     0  'EARN'
 *     4  u16 format version, u16 bytes per key or value: 1 for an int8 model, 4 for a float32 one
 *     8  8 bytes: the model's state id
 *    16  16 bytes: epoch of the log (a UUID), which no other user and no later log of this user has
 *    32  16 bytes: the log's chain digest at `position`
 *    48  13 numbers, u32: `NUMBERS`; zeros
 *   104  float64: the sum of the hashes of what was had, the hashes of unknown ids; float32: S's final
 *        state, the first code's logits; the local rows, the sliding ones, the history's keys and values; the
 *        window's items and, ascending, those that the user has had (`deltas.ts`); JSON of the named unknown
 *        ids; zeros up to a multiple of 4
 *   end  16 bytes: `checksum` of everything before
 *
 * The history's bytes are the graph's own, so those of a longer history begin with those of a shorter one.
 */
import type { HistoryState } from '../engine/decoder.ts';
import { fromHex, toHex } from '../engine/hex.ts';
import { checksum } from './checksum.ts';
import { decodeDeltas, deltasBytes, encodeDeltas } from './deltas.ts';

const MAGIC = 0x4e524145; // 'EARN'
const VERSION = 6;
/** Events of the log, then items of the state, then bytes of each part in the order of the file. */
const NUMBERS = 13;
/** A multiple of 8: numbers are read in place. */
const HEADER_BYTES = (48 + 4 * NUMBERS + 7) & ~7;
const CHECKSUM_BYTES = 16;

/** What is kept of a user, and what it was made from. Two that agree in the rest agree in `state`. */
export interface StoredState {
  /** The manifest's `stateId`, 16 hex digits. */
  stateId: string;
  /** Epoch of the user's log, a UUID. */
  epoch: string;
  /** Events of the log that this was made from, and the chain digest of the newest of them. */
  position: number;
  digest: Uint8Array;
  /** Events before the context window, and before those that count as had. */
  anchor: number;
  hadFrom: number;
  history: StoredHistory;
  /** Of the first `state.length` of the window's items; null while no list has needed one. */
  state: HistoryState | null;
}

/** As `KnownHistory` says. */
interface StoredHistory {
  items: Int32Array;
  had: Int32Array;
  hadHash: number;
  unknown: { named: string[]; hashes: Float64Array };
}

const utf8 = new TextEncoder();

const EMPTY: Omit<HistoryState, 'length'> = {
  final: new Float32Array(),
  codeLogits: new Float32Array(),
  localKeyValues: new Int8Array(),
  slidingKeyValues: new Int8Array(),
  keyValues: new Int8Array(),
};

export function encodeState(stored: StoredState): ArrayBuffer {
  const { stateId, epoch, position, digest, anchor, hadFrom, state } = stored;
  const parts = partsOf(stored);
  const end = endOf(parts.map(({ length }) => length));
  const buffer = new Uint8Array(end + CHECKSUM_BYTES);
  const view = new DataView(buffer.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, VERSION, true);
  view.setUint16(6, (state ?? EMPTY).keyValues.BYTES_PER_ELEMENT, true);
  buffer.set(fromHex(stateId), 8);
  buffer.set(fromHex(epoch.replaceAll('-', '')), 16);
  buffer.set(digest, 32);
  const numbers = [position, anchor, hadFrom, state?.length ?? 0, ...parts.map(({ length }) => length)];
  for (const [index, number] of numbers.entries()) view.setUint32(48 + 4 * index, number, true);
  let offset = HEADER_BYTES;
  for (const part of parts) {
    buffer.set(part, offset);
    offset += part.length;
  }
  new Int32Array(buffer.buffer, end).set(checksum(buffer.buffer, end));
  return buffer.buffer;
}

/** Null for anything but a whole, undamaged state of this version. Arrays are views of `buffer`. */
export function decodeState(buffer: ArrayBuffer): StoredState | null {
  if (buffer.byteLength < HEADER_BYTES + CHECKSUM_BYTES) return null;
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC || view.getUint16(4, true) !== VERSION) return null;
  const numbers = Array.from({ length: NUMBERS }, (_, index) => view.getUint32(48 + 4 * index, true));
  const [position, anchor, hadFrom, length, ...sizes] = numbers;
  const end = endOf(sizes);
  if (buffer.byteLength !== end + CHECKSUM_BYTES) return null;
  const sum = new Int32Array(buffer, end);
  if (checksum(buffer, end).some((lane, i) => lane !== sum[i])) return null;
  let offset = HEADER_BYTES;
  const [hashes, final, codes, local, sliding, keys, items, had, named] = sizes.map((size) => {
    offset += size;
    return bytes.subarray(offset - size, offset);
  });
  const isFloat = view.getUint16(6, true) === Float32Array.BYTES_PER_ELEMENT;
  const keysOf = (part: Uint8Array<ArrayBuffer>) =>
    isFloat ? arrayOf(Float32Array, part) : arrayOf(Int8Array, part);
  const state: HistoryState = {
    length,
    final: arrayOf(Float32Array, final),
    codeLogits: arrayOf(Float32Array, codes),
    localKeyValues: keysOf(local),
    slidingKeyValues: keysOf(sliding),
    keyValues: keysOf(keys),
  };
  return {
    stateId: toHex(bytes.subarray(8, 16)),
    epoch: toUuid(bytes.subarray(16, 32)),
    position,
    digest: bytes.slice(32, 48),
    anchor,
    hadFrom,
    history: {
      items: decodeDeltas(items),
      had: decodeDeltas(had),
      hadHash: arrayOf(Float64Array, hashes)[0],
      unknown: {
        named: JSON.parse(new TextDecoder().decode(named)),
        hashes: arrayOf(Float64Array, hashes).subarray(1),
      },
    },
    state: length === 0 ? null : state,
  };
}

/** Size of the encoded state in bytes, without encoding it: every answer says it. */
export function stateBytes({ history: { items, had, unknown }, state }: StoredState): number {
  const names = utf8.encode(JSON.stringify(unknown.named)).length;
  const hashes = Float64Array.BYTES_PER_ELEMENT * (1 + unknown.hashes.length);
  const numbers = state ? numbersBytes(state) : 0;
  return endOf([hashes, numbers, deltasBytes(items), deltasBytes(had), names]) + CHECKSUM_BYTES;
}

/** Size of a state's numbers alone. */
export function numbersBytes(state: HistoryState): number {
  return arraysOf(state).reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** The arrays of a state, in the order of the file: first those of float32. */
export function arraysOf(state: Omit<HistoryState, 'length'>) {
  return [state.final, state.codeLogits, state.localKeyValues, state.slidingKeyValues, state.keyValues];
}

/** What follows the header. */
function partsOf({ history: { items, had, hadHash, unknown }, state }: StoredState): Uint8Array[] {
  const hashes = Float64Array.of(hadHash, ...unknown.hashes);
  return [
    ...[hashes, ...arraysOf(state ?? EMPTY)].map(bytesOf),
    encodeDeltas(items),
    encodeDeltas(had),
    utf8.encode(JSON.stringify(unknown.named)),
  ];
}

/** Where the checksum begins, after parts of these sizes. */
function endOf(sizes: number[]): number {
  return (sizes.reduce((sum, size) => sum + size, HEADER_BYTES) + 3) & ~3;
}

type Numbers = Int8Array | Float32Array | Float64Array;

function bytesOf(array: Numbers): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** The bytes as numbers of this kind, in place. */
function arrayOf<T extends Numbers>(
  Kind: { new (buffer: ArrayBuffer, offset: number, length: number): T; BYTES_PER_ELEMENT: number },
  { buffer, byteOffset, length }: Uint8Array<ArrayBuffer>,
): T {
  return new Kind(buffer, byteOffset, length / Kind.BYTES_PER_ELEMENT);
}

function toUuid(bytes: Uint8Array): string {
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
