/** Users' states: in this isolate first, behind it in the store. Nothing unfit is ever handed out. */
import { LRUCache } from 'lru-cache';
import { sha256Hex } from '../engine/hex.ts';
import type { Ranked } from '../engine/ranking.ts';
import { decodeState, digestOf, encodeState, type StoredState, stateBytes } from './state-codec.ts';
import type { StateInfo, StateStore } from './state-store.ts';

/** A small part of an isolate's 128 MB: some three hundred users with two hundred items each. */
const MEMORY_BYTES = 16 * 1024 * 1024;
/** Workers KV takes one write a second for a key: https://developers.cloudflare.com/kv/platform/limits/ */
const WRITE_INTERVAL_MS = 1000;
/** A write that is pending for longer went down with the request that carried it. */
const WRITE_ABANDONED_MS = 10_000;
/** Lists kept beside a state: a user's page and its neighbours. */
const LISTS = 4;

/** What a state must be of to be of use. */
export interface Wanted {
  model: string;
  epoch: string;
  anchor: number;
  /** Item ids in the window, oldest first; a state of the first few of them will do. */
  items: readonly string[];
}

export interface Found {
  stored: StoredState | null;
  /** A state of an earlier window was there: the window has moved on. */
  moved: boolean;
  /** The store could not be read, so nothing is known. */
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
  /** What was made of each state; it goes when the state goes. */
  private readonly lists = new WeakMap<StoredState, LRUCache<string, Ranked[]>>();
  private readonly writes = new LRUCache<string, Write>({ max: 10_000 });

  constructor(store: StateStore) {
    this.store = store;
  }

  /** The state of the wanted items or of the first few of them. Never throws. */
  async find(user: string, wanted: Wanted): Promise<Found> {
    const key = await memoryKey(user, wanted.model);
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
    this.set(await memoryKey(user, stored.model), stored, false);
  }

  /**
   * Writes the newest remembered state to the store unless it is there, once a second at most. Resolves to
   * what was written. For `waitUntil`: it never rejects.
   */
  async persist(user: string, model: string): Promise<StoredState | null> {
    const key = await memoryKey(user, model);
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

  /** The list that was made of exactly this state for the same question, or else a new one. */
  async list(stored: StoredState, question: string, make: () => Promise<Ranked[]>): Promise<Ranked[]> {
    const lists = this.lists.get(stored) ?? new LRUCache<string, Ranked[]>({ max: LISTS });
    this.lists.set(stored, lists);
    const items = lists.get(question) ?? (await make());
    lists.set(question, items);
    return items;
  }

  /** What the store holds for the user and model. Throws what the store throws. */
  async describe(user: string, model: string): Promise<StateInfo | null> {
    return this.store.describe(storeKey(await memoryKey(user, model)));
  }

  /**
   * Forgets the user here and in the store, for every model: those that the store lists, those that this isolate
   * wrote, and `models`, which another isolate may have written a moment ago. Throws what the store throws.
   */
  async forget(user: string, models: string[] = []): Promise<void> {
    const prefix = await userKey(user);
    const written = [...this.writes.keys()].filter((key) => key.startsWith(prefix));
    written.push(...models.map((model) => prefix + model));
    for (const key of [...this.memory.keys()]) if (key.startsWith(prefix)) this.memory.delete(key);
    await this.store.deleteAll(storeKey(prefix), written.map(storeKey));
  }

  /** A request that read the log earlier may end later: the newer state stays. */
  private set(key: string, stored: StoredState, saved: boolean): void {
    const kept = this.memory.peek(key)?.stored;
    if (kept && isNewer(kept, stored)) return;
    this.memory.set(key, { stored, saved });
  }
}

/** Whether a state can be extended to the wanted one: same model, log and anchor, and a prefix of its items. */
async function fits(stored: StoredState, wanted: Wanted): Promise<boolean> {
  const { model, epoch, anchor, digest, state } = stored;
  if (model !== wanted.model || epoch !== wanted.epoch || anchor !== wanted.anchor) return false;
  if (state.length > wanted.items.length) return false;
  return digest === (await digestOf(wanted.items.slice(0, state.length)));
}

function isEarlier(stored: StoredState, wanted: Wanted): boolean {
  return stored.model === wanted.model && stored.epoch === wanted.epoch && stored.anchor < wanted.anchor;
}

/** Whether `a` is of more of the same log than `b`. */
function isNewer(a: StoredState, b: StoredState): boolean {
  if (a.epoch !== b.epoch) return false;
  return a.anchor > b.anchor || (a.anchor === b.anchor && a.state.length > b.state.length);
}

/** A hash: ids of any length and alphabet fit a key's 512 bytes, and none can be mistaken for another's. */
async function userKey(user: string): Promise<string> {
  return `${await sha256Hex(new TextEncoder().encode(user))}/`;
}

async function memoryKey(user: string, model: string): Promise<string> {
  return `${await userKey(user)}${model}`;
}

function storeKey(memoryKey: string): string {
  return `state/${memoryKey}`;
}

function warn(event: string, error: unknown): void {
  console.warn(
    JSON.stringify({ level: 'warn', event, message: error instanceof Error ? error.message : String(error) }),
  );
}
