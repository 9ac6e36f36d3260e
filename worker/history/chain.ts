/**
 * Chain digests: each event of a log has the first 16 bytes of SHA-256 over the digest of the event before it
 * and its own key. So one digest stands for the log up to there, and comparing two compares two whole logs.
 * SHA-256 in JavaScript, because an object's transaction can't wait for `crypto.subtle`; one event takes some
 * microseconds.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { type Event, eventKey } from './event.ts';

export const DIGEST_BYTES = 16;

/** What stands before the first event of a log. */
export const CHAIN_START = new Uint8Array(DIGEST_BYTES);

const utf8 = new TextEncoder();

/** The digest of an event that follows the one with the digest `before`. */
export function chained(before: Uint8Array, event: Event): Uint8Array<ArrayBuffer> {
  const key = utf8.encode(eventKey(event));
  const bytes = new Uint8Array(DIGEST_BYTES + key.length);
  bytes.set(before);
  bytes.set(key, DIGEST_BYTES);
  return sha256(bytes).slice(0, DIGEST_BYTES);
}

/** The digest from which a chain goes on after `total` events whose digests it does not rest on. */
export function chainBase(epoch: string, total: number): Uint8Array<ArrayBuffer> {
  return sha256(utf8.encode(`${epoch}/${total}`)).slice(0, DIGEST_BYTES);
}

export function sameDigest(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a !== null && b !== null && a.every((byte, index) => byte === b[index]);
}
