/**
 * What is kept of users: first in this isolate's memory, then in the store. It is a cache; who reads it
 * checks whether a state fits the user's log (`recommend/fit.ts`).
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { LRUCache } from 'lru-cache';
import { toHex } from '../engine/hex.ts';
import type { Ranked } from '../engine/ranking.ts';
import type { Known } from '../history/log.ts';
import { BUDGET } from './budget.ts';
import { memoryBytes, WRITE_BYTES } from './memory-bytes.ts';
import { decodeState, encodeState, type StoredState } from './state-codec.ts';
import type { StateInfo, StateStore } from './state-store.ts';

/**
 * How long a state stays in an isolate's memory: also one of a user whom another isolate has deleted, and
 * whose log it no longer fits.
 */
export const MEMORY_MS = 60 * 60 * 1000;
const utf8 = new TextEncoder();
const PURGE_INTERVAL_MS = 60_000;
/** Workers KV takes one write per second and key: https://developers.cloudflare.com/kv/platform/limits/ */
const WRITE_INTERVAL_MS = 1000;
/** A write that is pending for longer was lost with the request that carried it. */
const WRITE_ABANDONED_MS = 10_000;
/** Lists kept per state: a user's page and its neighbours. */
const LISTS = 4;
/** States kept per user: of the model that answers, and of its candidate. */
const STATES = 2;
/** Hex digits of a `stateId`. */
const STATE_ID_LENGTH = 16;

/** A user's state for one model, in this isolate. */
export interface Entry {
  stored: StoredState;
  /** Whether the store has it. */
  saved: boolean;
  /** Lists made of it, the oldest first. */
  lists: Map<string, Ranked[]>;
}

interface Write {
  /** When the last write began. */
  began: number;
  pending: boolean;
}

export class StateCache {
  private readonly store: StateStore;
  /** By user: a state per model, the newest last. */
  private readonly memory = new LRUCache<string, readonly Entry[]>({
    maxSize: BUDGET.states,
    sizeCalculation: memoryBytes,
    ttl: MEMORY_MS,
    perf: Date,
  });
  private readonly writes = new LRUCache<string, Write>({
    maxSize: BUDGET.writes,
    sizeCalculation: (_, key) => WRITE_BYTES + 2 * key.length,
  });

  private removedOld = 0;

  constructor(store: StateStore) {
    this.store = store;
  }

  /** What this isolate remembers of the user for a model. */
  kept(user: string, stateId: string): StoredState | undefined {
    return entryOf(this.memory.get(user), stateId)?.stored;
  }

  /** A place in the user's log of which this isolate knows everything that is before it. */
  place(user: string): Known | undefined {
    const places = (this.memory.peek(user) ?? []).map(({ stored }) => stored);
    const [oldest] = places.sort((a, b) => a.position - b.position); // what is after it is after the others
    return oldest && { epoch: oldest.epoch, position: oldest.position, digest: oldest.digest };
  }

  /** What the store has: null when that is nothing of use, undefined when it can't be read. Never throws. */
  async fetch(user: string, stateId: string): Promise<StoredState | null | undefined> {
    try {
      const bytes = await this.store.get(storeKey(user, stateId));
      return bytes && decodeState(bytes);
    } catch (error) {
      warn('state_read_failed', error);
      return undefined;
    }
  }

  /**
   * Keeps the state in this isolate. `saved`: the store has it. A request that read the log earlier may end
   * later, so a newer state stays.
   */
  remember(user: string, stored: StoredState, saved = false): void {
    this.removeOld();
    const kept = this.peek(user, stored.stateId)?.stored;
    if (kept === stored || (kept && isNewer(kept, stored))) return;
    this.put(user, { stored, saved, lists: new Map() });
  }

  /** Once a minute: an old state that nobody asks for would stay otherwise. */
  private removeOld(): void {
    if (Date.now() - this.removedOld < PURGE_INTERVAL_MS) return;
    this.removedOld = Date.now();
    this.memory.purgeStale();
  }

  /** Removes a state that turned out not to fit, unless another one has taken its place. */
  drop(user: string, stored: StoredState): void {
    const entries = this.memory.peek(user)?.filter((entry) => entry.stored !== stored);
    if (entries?.length === 0) this.memory.delete(user);
    else if (entries) this.memory.set(user, entries);
  }

  /**
   * Writes the newest remembered state to the store unless it is there, at most once per second. Resolves to
   * what was written. For `waitUntil`: it never rejects.
   */
  async persist(user: string, stateId: string): Promise<StoredState | null> {
    if (this.peek(user, stateId)?.saved !== false) return null;
    const key = stateId + user;
    const write = this.writes.get(key) ?? { began: 0, pending: false };
    const age = Date.now() - write.began;
    if (write.pending && age < WRITE_ABANDONED_MS) return null; // that one will take the newest state
    this.writes.set(key, { began: Date.now(), pending: true });
    if (age < WRITE_INTERVAL_MS) await new Promise((resolve) => setTimeout(resolve, WRITE_INTERVAL_MS - age));
    const newest = this.peek(user, stateId);
    this.writes.set(key, { began: Date.now(), pending: false });
    if (!newest || newest.saved) return null; // forgotten meanwhile, or written by another request
    const { stored } = newest;
    try {
      await this.store.put(storeKey(user, stateId), encodeState(stored), stored.history.items.length);
      // A list that was made meanwhile has put a new entry around the same state.
      const entry = this.peek(user, stateId);
      if (entry?.stored === stored) entry.saved = true;
      return stored;
    } catch (error) {
      warn('state_write_failed', error); // the user's next request tries again
      return null;
    }
  }

  /** The list with this name that was made of exactly this state, or else a new one. */
  async list(
    user: string,
    stored: StoredState,
    name: string,
    make: () => Promise<Ranked[]>,
  ): Promise<Ranked[]> {
    const known = this.peek(user, stored.stateId);
    const list = (known?.stored === stored && known.lists.get(name)) || (await make());
    const entry = this.peek(user, stored.stateId);
    if (entry?.stored !== stored) return list; // it was too large, or a newer state came
    entry.lists.delete(name);
    entry.lists.set(name, list);
    if (entry.lists.size > LISTS) entry.lists.delete(entry.lists.keys().next().value!);
    this.put(user, { ...entry }); // counts it anew
    return list;
  }

  /** Whether the store answers. Never throws. */
  async isReachable(): Promise<boolean> {
    return (await this.fetch('', 'readiness')) !== undefined;
  }

  /** What the store holds for the user. Throws what the store throws. */
  async describe(user: string, stateId: string): Promise<StateInfo | null> {
    return this.store.describe(storeKey(user, stateId));
  }

  /**
   * Forgets the user here and in the store, for every model: the states that the store lists, those that this
   * isolate wrote, and those of `stateIds`, which another isolate may have written a moment ago. Throws what
   * the store throws.
   */
  async forget(user: string, stateIds: string[] = []): Promise<void> {
    const written = [...this.writes.keys()].filter((key) => key.slice(STATE_ID_LENGTH) === user);
    const ids = new Set([...stateIds, ...written.map((key) => key.slice(0, STATE_ID_LENGTH))]);
    this.memory.delete(user);
    await this.store.deleteAll(
      storeKey(user, ''),
      [...ids].map((id) => storeKey(user, id)),
    );
  }

  private peek(user: string, stateId: string): Entry | undefined {
    return entryOf(this.memory.peek(user), stateId);
  }

  private put(user: string, entry: Entry): void {
    const others = (this.memory.peek(user) ?? []).filter(
      ({ stored: { stateId } }) => stateId !== entry.stored.stateId,
    );
    this.memory.set(user, [...others, entry].slice(-STATES));
  }
}

function entryOf(entries: readonly Entry[] | undefined, stateId: string): Entry | undefined {
  return entries?.find(({ stored }) => stored.stateId === stateId);
}

/** Whether `a` is of more of the same log than `b`, or computed further. */
function isNewer(a: StoredState, b: StoredState): boolean {
  if (a.epoch !== b.epoch) return false;
  if (a.position !== b.position) return a.position > b.position;
  return (a.state?.length ?? 0) > (b.state?.length ?? 0);
}

/**
 * The user is hashed, so that ids of any length and alphabet fit a key's 512 bytes and none is the prefix of
 * another.
 */
function storeKey(user: string, stateId: string): string {
  return `state/${toHex(sha256(utf8.encode(user)))}/${stateId}`;
}

export function warn(event: string, error: unknown): void {
  console.warn(
    JSON.stringify({ level: 'warn', event, message: error instanceof Error ? error.message : String(error) }),
  );
}
