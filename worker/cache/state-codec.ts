/**
 * A user's register-KV state as bytes. Little-endian:
 *
 *     0  'EARN'
 *     4  u16 format version, u16 bytes per key or value: 1 for an int8 model, 4 for a float32 one
 *     8  8 bytes: the model's state id
 *    16  16 bytes: epoch of the log (a UUID), which no other user and no later log of this user has
 *    32  u32 anchor: known events of the log before the context window
 *    36  u32 events in the state
 *    40  u32 bytes of the keys and values, of the local rows, of S's final state, of the first code's logits
 *    56  32 bytes: SHA-256 of exactly those events' keys (`eventKey`)
 *    88  S's final state, the first code's logits, the local rows, the history's keys and values,
 *        zeros up to a multiple of 4
 *   end  16 bytes: `checksum` of everything before
 *
 * The history's bytes are the graph's own, so those of a longer history begin with those of a shorter one.
 */
import type { HistoryState } from '../engine/decoder.ts';
import { fromHex, sha256Hex, toHex } from '../engine/hex.ts';

const MAGIC = 0x4e524145; // 'EARN'
const VERSION = 4;
const HEADER_BYTES = 88;
const CHECKSUM_BYTES = 16;

/** A state and what it was made from. Two that agree in all but `state` agree in `state`, byte for byte. */
export interface StoredState {
  /** The manifest's `stateId`, 16 hex digits. */
  stateId: string;
  /** Epoch of the user's log, a UUID. */
  epoch: string;
  /** Known events of the log before the context window. */
  anchor: number;
  /** `digestOf` the keys of the `state.length` events that the state was made from. */
  digest: string;
  state: HistoryState;
}

export function encodeState(stored: StoredState): ArrayBuffer {
  const { stateId, epoch, anchor, digest, state } = stored;
  const parts = [state.final, state.codeLogits, state.localKeyValues, state.keyValues].map(bytesOf);
  const buffer = new Uint8Array(stateBytes(state));
  const view = new DataView(buffer.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, VERSION, true);
  view.setUint16(6, state.keyValues.BYTES_PER_ELEMENT, true);
  buffer.set(fromHex(stateId), 8);
  buffer.set(fromHex(epoch.replaceAll('-', '')), 16);
  const numbers = [
    anchor,
    state.length,
    state.keyValues.byteLength,
    state.localKeyValues.byteLength,
    state.final.byteLength,
    state.codeLogits.byteLength,
  ];
  for (const [index, number] of numbers.entries()) view.setUint32(32 + 4 * index, number, true);
  buffer.set(fromHex(digest), 56);
  let offset = HEADER_BYTES;
  for (const part of parts) {
    buffer.set(part, offset);
    offset += part.length;
  }
  const end = buffer.length - CHECKSUM_BYTES;
  new Int32Array(buffer.buffer, end).set(checksum(buffer.buffer, end));
  return buffer.buffer;
}

/** Null for anything but a whole, undamaged state of this version. Arrays are views of `buffer`. */
export function decodeState(buffer: ArrayBuffer): StoredState | null {
  if (buffer.byteLength < HEADER_BYTES + CHECKSUM_BYTES) return null;
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC || view.getUint16(4, true) !== VERSION) return null;
  const [anchor, length, historyBytes, localBytes, finalBytes, codeBytes] = [32, 36, 40, 44, 48, 52].map(
    (at) => view.getUint32(at, true),
  );
  const end = aligned(HEADER_BYTES + finalBytes + codeBytes + localBytes + historyBytes);
  if (buffer.byteLength !== end + CHECKSUM_BYTES) return null;
  const sum = new Int32Array(buffer, end);
  if (checksum(buffer, end).some((lane, i) => lane !== sum[i])) return null;
  const codesAt = HEADER_BYTES + finalBytes;
  const localAt = codesAt + codeBytes;
  const Numbers = view.getUint16(6, true) === Float32Array.BYTES_PER_ELEMENT ? Float32Array : Int8Array;
  const numbers = (at: number, size: number) => new Numbers(buffer, at, size / Numbers.BYTES_PER_ELEMENT);
  return {
    stateId: toHex(bytes.subarray(8, 16)),
    epoch: toUuid(bytes.subarray(16, 32)),
    anchor,
    digest: toHex(bytes.subarray(56, 88)),
    state: {
      length,
      final: new Float32Array(buffer, HEADER_BYTES, finalBytes / 4),
      codeLogits: new Float32Array(buffer, codesAt, codeBytes / 4),
      localKeyValues: numbers(localAt, localBytes),
      keyValues: numbers(localAt + localBytes, historyBytes),
    },
  };
}

/** Size of the encoded state in bytes. */
export function stateBytes({ final, codeLogits, localKeyValues, keyValues }: HistoryState): number {
  const numbers = [final, codeLogits, localKeyValues, keyValues];
  return aligned(numbers.reduce((sum, { byteLength }) => sum + byteLength, HEADER_BYTES)) + CHECKSUM_BYTES;
}

function aligned(bytes: number): number {
  return (bytes + 3) & ~3;
}

/**
 * Checksum of the first `bytes` of a state, a multiple of 4. Four lanes take every fourth word each. A step
 * is a bijection of the lane and of the word, so a single changed word per lane is always found, and other
 * damage is missed at most once in 2^32. It guards against damage, not forgery: SHA-256 took a twentieth of a
 * returning user's time.
 */
function checksum(buffer: ArrayBuffer, bytes: number): Int32Array {
  const words = new Int32Array(buffer, 0, bytes / 4);
  let [a, b, c, d] = [1, 2, 3, 4];
  const whole = words.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    a = step(a, words[i]);
    b = step(b, words[i + 1]);
    c = step(c, words[i + 2]);
    d = step(d, words[i + 3]);
  }
  for (let i = whole; i < words.length; i++) a = step(a, words[i]);
  return Int32Array.of(a, b, c, d);
}

/** Multiplies by an odd factor, then rotates: multiplication alone carries changes upwards only. */
function step(lane: number, word: number): number {
  const product = Math.imul(lane ^ word, 0x9e3779b1);
  return (product << 13) | (product >>> 19);
}

/** SHA-256 over event keys. Keys hold no line breaks, so the separator is unambiguous. */
export function digestOf(keys: readonly string[]): Promise<string> {
  return sha256Hex(new TextEncoder().encode(keys.map((key) => `${key}\n`).join('')));
}

function bytesOf(array: Int8Array | Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function toUuid(bytes: Uint8Array): string {
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
