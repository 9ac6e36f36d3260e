/**
 * Users' states: first in this isolate's memory, then in the store. A state is only returned when it fits
 * exactly.
 */
import { LRUCache } from 'lru-cache';
import { sha256Hex } from '../engine/hex.ts';
import type { Ranked } from '../engine/ranking.ts';
import { decodeState, digestOf, encodeState, type StoredState, stateBytes } from './state-codec.ts';
import type { StateInfo, StateStore } from './state-store.ts';

/** A small part of an isolate's 128 MB: about 300 users with 200 items each. */
const MEMORY_BYTES = 16 * 1024 * 1024;
/** Workers KV takes one write per second and key: https://developers.cloudflare.com/kv/platform/limits/ */
const WRITE_INTERVAL_MS = 1000;
/** A write that is pending for longer was lost with the request that carried it. */
const WRITE_ABANDONED_MS = 10_000;
/** Lists kept per state: a user's page and its neighbours. */
const LISTS = 4;

/** Key of the wanted state. */
export interface Wanted {
  stateId: string;
  epoch: string;
  anchor: number;
  /**
   * Keys of the events in the context window, oldest first. A state of the first few of them fits as well.
   */
  keys: readonly string[];
}

export interface Found {
  stored: StoredState | null;
  /** The state of an earlier context window was there: the window has moved on. */
  moved: boolean;
  /** The store could not be read. */
  failed: boolean;
}

/** One user's state in this isolate. */
interface Entry {
  stored: StoredState;
  /** Whether the store has it. */
  saved: boolean;
}

interface Write {
  /** When the last write began. */
  began: number;
  pending: boolean;
}

export class StateCache {
  private readonly store: StateStore;
  private readonly memory = new LRUCache<string, Entry>({
    maxSize: MEMORY_BYTES,
    sizeCalculation: ({ stored }) => stateBytes(stored.state),
  });
  /** Lists made of each state; they are dropped with it. */
  private readonly lists = new WeakMap<StoredState, LRUCache<string, Ranked[]>>();
  private readonly writes = new LRUCache<string, Write>({ max: 10_000 });

  constructor(store: StateStore) {
    this.store = store;
  }

  /** The wanted state, or one of the first few of its events. Never throws. */
  async find(user: string, wanted: Wanted): Promise<Found> {
    const key = await memoryKey(user, wanted.stateId);
    const kept = this.memory.get(key)?.stored;
    if (kept && (await fits(kept, wanted))) return { stored: kept, moved: false, failed: false };
    let moved = kept !== undefined && isEarlier(kept, wanted);
    try {
      const bytes = await this.store.get(storeKey(key));
      const stored = bytes && decodeState(bytes);
      if (stored && (await fits(stored, wanted))) {
        this.set(key, stored, true);
        return { stored, moved: false, failed: false };
      }
      moved ||= stored !== null && isEarlier(stored, wanted);
      return { stored: null, moved, failed: false };
    } catch (error) {
      warn('state_read_failed', error);
      return { stored: null, moved, failed: true };
    }
  }

  /** Keeps the state in this isolate. */
  async remember(user: string, stored: StoredState): Promise<void> {
    this.set(await memoryKey(user, stored.stateId), stored, false);
  }

  /**
   * Writes the newest remembered state to the store unless it is there, at most once per second. Resolves to
   * what was written. For `waitUntil`: it never rejects.
   */
  async persist(user: string, stateId: string): Promise<StoredState | null> {
    const key = await memoryKey(user, stateId);
    if (this.memory.peek(key)?.saved !== false) return null;
    const write = this.writes.get(key) ?? { began: 0, pending: false };
    const age = Date.now() - write.began;
    if (write.pending && age < WRITE_ABANDONED_MS) return null; // that one will take the newest state
    this.writes.set(key, { began: Date.now(), pending: true });
    if (age < WRITE_INTERVAL_MS) await new Promise((resolve) => setTimeout(resolve, WRITE_INTERVAL_MS - age));
    const newest = this.memory.peek(key);
    this.writes.set(key, { began: Date.now(), pending: false });
    if (!newest || newest.saved) return null; // forgotten meanwhile, or written by another request
    const { stored } = newest;
    try {
      await this.store.put(storeKey(key), encodeState(stored), stored.state.length);
      newest.saved = true;
      return stored;
    } catch (error) {
      warn('state_write_failed', error); // the user's next request tries again
      return null;
    }
  }

  /** The list with this key that was made of exactly this state, or else a new one. */
  async list(stored: StoredState, key: string, make: () => Promise<Ranked[]>): Promise<Ranked[]> {
    const lists = this.lists.get(stored) ?? new LRUCache<string, Ranked[]>({ max: LISTS });
    this.lists.set(stored, lists);
    const items = lists.get(key) ?? (await make());
    lists.set(key, items);
    return items;
  }

  /** What the store holds for the user. Throws what the store throws. */
  async describe(user: string, stateId: string): Promise<StateInfo | null> {
    return this.store.describe(storeKey(await memoryKey(user, stateId)));
  }

  /**
   * Forgets the user here and in the store, for every model: the states that the store lists, those that this
   * isolate wrote, and those of `stateIds`, which another isolate may have written a moment ago. Throws what
   * the store throws.
   */
  async forget(user: string, stateIds: string[] = []): Promise<void> {
    const prefix = await userKey(user);
    const written = [...this.writes.keys()].filter((key) => key.startsWith(prefix));
    written.push(...stateIds.map((id) => prefix + id));
    for (const key of [...this.memory.keys()]) if (key.startsWith(prefix)) this.memory.delete(key);
    await this.store.deleteAll(storeKey(prefix), written.map(storeKey));
  }

  /** A request that read the log earlier may end later, so a newer state stays. */
  private set(key: string, stored: StoredState, saved: boolean): void {
    const kept = this.memory.peek(key)?.stored;
    if (kept && isNewer(kept, stored)) return;
    this.memory.set(key, { stored, saved });
  }
}

/**
 * Whether a state can be extended to the wanted one: same state id, log and anchor, and a prefix of its
 * events.
 */
async function fits(stored: StoredState, wanted: Wanted): Promise<boolean> {
  const { stateId, epoch, anchor, digest, state } = stored;
  if (stateId !== wanted.stateId || epoch !== wanted.epoch || anchor !== wanted.anchor) return false;
  if (state.length > wanted.keys.length) return false;
  return digest === (await digestOf(wanted.keys.slice(0, state.length)));
}

function isEarlier(stored: StoredState, wanted: Wanted): boolean {
  const { stateId, epoch, anchor } = stored;
  return stateId === wanted.stateId && epoch === wanted.epoch && anchor < wanted.anchor;
}

/** Whether `a` covers more of the same log than `b`. */
function isNewer(a: StoredState, b: StoredState): boolean {
  if (a.epoch !== b.epoch) return false;
  return a.anchor > b.anchor || (a.anchor === b.anchor && a.state.length > b.state.length);
}

/** Hashed, so that ids of any length and alphabet fit a key's 512 bytes and none is the prefix of another. */
async function userKey(user: string): Promise<string> {
  return `${await sha256Hex(new TextEncoder().encode(user))}/`;
}

async function memoryKey(user: string, stateId: string): Promise<string> {
  return `${await userKey(user)}${stateId}`;
}

function storeKey(memoryKey: string): string {
  return `state/${memoryKey}`;
}

function warn(event: string, error: unknown): void {
  console.warn(
    JSON.stringify({ level: 'warn', event, message: error instanceof Error ? error.message : String(error) }),
  );
}
