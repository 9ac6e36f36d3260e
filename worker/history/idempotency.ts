/** What makes a repeated append add nothing: the caller's key, and a digest of what it was used for. */
import { sha256Hex } from '../engine/hex.ts';
import type { Event } from './event.ts';

/**
 * Keys and contents are stored as digests: they may name people, and bodies would be half of a log's bytes.
 */
export interface Once {
  /** SHA-256 of the key. */
  key: string;
  /** SHA-256 of the events. */
  content: string;
}

/** The digests for a key and the events that it stands for. */
export async function onceOf(key: string, events: Event[]): Promise<Once> {
  return { key: await digest(key), content: await digest(contentOf(events)) };
}

/** The events as text, equal for equal events. Stored digests depend on it, so it must not change. */
function contentOf(events: Event[]): string {
  return JSON.stringify(events.map(({ item: id, time: timestamp, type }) => ({ id, timestamp, type })));
}

export function digest(text: string): Promise<string> {
  return sha256Hex(new TextEncoder().encode(text));
}
