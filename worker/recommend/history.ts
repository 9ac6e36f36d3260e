/** A history in the terms of one model: all that lists are made of. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import { idHash } from '../catalogue/id-hash.ts';
import { itemOf } from '../engine/token.ts';
import { windowStart } from '../engine/window.ts';
import type { EventTypes } from '../events/event-types.ts';
import type { Event } from '../history/event.ts';

/**
 * What a user has had is counted from here on: at least the newest 10,000 events, as many as a request may
 * bring. Like the context window it moves in steps of half its size, so it is a function of the log's length.
 */
export const HAD_EVENTS = 20_000;

/** Most unknown ids that an answer names. */
export const MOST_NAMED = 100;

/** Where the parts of a history begin: events before them. */
export interface Starts {
  /** Of the context window. */
  anchor: number;
  /** Of what counts as had. */
  had: number;
}

export interface KnownHistory {
  /** Tokens of the context window, oldest first, without what was taken back (`EventTypes.standing`). */
  items: Int32Array;
  /** Indices of the items that the user has had, ascending; `EventTypes` marks what is hidden for good. */
  had: Int32Array;
  /** Sum of the hashes of their ids, modulo 2^52. */
  hadHash: number;
  /** Ids that the model does not know, among the events that count as had. */
  unknown: {
    /** The first hundred of them, in the order of their first events. */
    named: string[];
    /** The hash of each, once. */
    hashes: Float64Array;
  };
}

/** The part of a model that reads histories. */
export interface Reader {
  catalogue: Catalogue;
  events?: EventTypes;
}

export const NOTHING_KNOWN: KnownHistory = {
  items: new Int32Array(),
  had: new Int32Array(),
  hadHash: 0,
  unknown: { named: [], hashes: new Float64Array() },
};

/** The catalogue that a history was last found to be of (`isOutdated`). */
const checked = new WeakMap<KnownHistory, Catalogue>();

/** For a log that has had `total` events, `dropped` of which are no longer kept. */
export function startsOf(total: number, dropped: number, contextWindow: number): Starts {
  return {
    anchor: Math.max(dropped, windowStart(total, contextWindow)),
    had: Math.max(dropped, windowStart(total, Math.max(HAD_EVENTS, contextWindow))),
  };
}

/** A history with more events, all of them in the context window. */
export function extended(before: KnownHistory, reader: Reader, events: readonly Event[]): KnownHistory {
  if (events.length === 0) return before;
  const { items, unknown } = resolve(reader, events);
  const after = {
    items: standing(reader, concat(before.items, items)),
    ...hadAfter(before, reader, items),
    unknown: unknown.length === 0 ? before.unknown : moreUnknown(before.unknown, unknown),
  };
  // What was of this catalogue still is: the new ids were looked up in it.
  if (checked.get(before) === reader.catalogue) checked.set(after, reader.catalogue);
  return after;
}

function hadAfter(before: KnownHistory, { catalogue, events }: Reader, tokens: number[]) {
  if (events !== undefined) {
    const had = events.had(before.had, tokens);
    return { had, hadHash: sumOfHashes(catalogue, had, 0) };
  }
  const fresh = [...new Set(tokens)].filter((item) => !includes(before.had, item)).sort((a, b) => a - b);
  return { had: united(before.had, fresh), hadHash: sumOfHashes(catalogue, fresh, before.hadHash) };
}

/** The history of these events, the first `outside` of which come before the context window. */
export function historyOf(reader: Reader, events: readonly Event[], outside: number): KnownHistory {
  const older = extended(NOTHING_KNOWN, reader, events.slice(0, outside));
  return extended({ ...older, items: NOTHING_KNOWN.items }, reader, events.slice(outside));
}

/** The tokens of a context window of these events. */
export function windowOf(reader: Reader, events: readonly Event[]): Int32Array {
  return standing(reader, Int32Array.from(resolve(reader, events).items));
}

/** Without what was taken back. */
function standing({ events }: Reader, tokens: Int32Array): Int32Array {
  return events === undefined ? tokens : Int32Array.from(events.standing([...tokens]));
}

/** Tokens of the items that the model knows, and the ids that it doesn't, in the order of the events. */
export function resolve({ catalogue, events: types }: Reader, events: readonly Event[]) {
  const items: number[] = [];
  const unknown: string[] = [];
  for (const { item, type } of events) {
    const index = catalogue.indexOf(item);
    if (index === undefined) unknown.push(item);
    else items.push(types === undefined ? index : types.token(index, type));
  }
  return { items, unknown };
}

/**
 * Whether the history is not of this catalogue: one of the unknown ids is known now, or an item has gone or
 * stands for another id. Models with the same `stateId` may differ in the items that no training has seen.
 */
export function isOutdated(history: KnownHistory, catalogue: Catalogue): boolean {
  if (checked.get(history) === catalogue) return false;
  const { had, hadHash, unknown } = history;
  if (had.some((entry) => itemOf(entry) >= catalogue.size)) return true;
  if (sumOfHashes(catalogue, had, 0) !== hadHash) return true;
  if (unknown.hashes.some((hash) => catalogue.knowsHash(hash))) return true;
  checked.set(history, catalogue);
  return false;
}

/** Below 2^52, so that the sum with one more hash is exact. */
const HASHES = 2 ** 52;

function sumOfHashes(catalogue: Catalogue, items: ArrayLike<number>, before: number): number {
  let sum = before;
  for (let i = 0; i < items.length; i++) sum = (sum + (catalogue.hashOf(itemOf(items[i])) % HASHES)) % HASHES;
  return sum;
}

function moreUnknown({ named, hashes }: KnownHistory['unknown'], ids: string[]): KnownHistory['unknown'] {
  const known = new Set(hashes);
  const names = [...named];
  for (const id of ids) {
    const hash = idHash(id);
    if (known.has(hash)) continue;
    known.add(hash);
    if (names.length < MOST_NAMED) names.push(id);
  }
  return { named: names, hashes: Float64Array.from(known) };
}

function concat(before: Int32Array, added: number[]): Int32Array {
  const all = new Int32Array(before.length + added.length);
  all.set(before);
  all.set(added, before.length);
  return all;
}

/** Both, ascending, of arrays that are so and have no number in common. */
function united(before: Int32Array, fresh: number[]): Int32Array {
  if (fresh.length === 0) return before;
  const all = new Int32Array(before.length + fresh.length);
  let from = 0;
  for (let at = 0, next = 0; at < all.length; at++) {
    const older = next === fresh.length || before[from] < fresh[next];
    all[at] = older ? before[from++] : fresh[next++];
  }
  return all;
}

/** Whether an ascending array has the number, by binary search. */
function includes(sorted: Int32Array, wanted: number): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === wanted;
}
