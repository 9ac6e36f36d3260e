/** Keeps states in IndexedDB, as the service keeps them in Workers KV: they survive a reload. */
import type { StateInfo, StateStore } from '../cache/state-store.ts';
import { STATES, transact } from './database.ts';

interface Kept extends StateInfo {
  value: ArrayBuffer;
}

export class IdbStore implements StateStore {
  async get(key: string): Promise<ArrayBuffer | null> {
    const kept: Kept | undefined = await transact(STATES, 'readonly', (states) => states.get(key));
    return kept?.value ?? null;
  }

  async put(key: string, value: ArrayBuffer, items: number): Promise<void> {
    const kept: Kept = { value, items, bytes: value.byteLength, written: Date.now() };
    await transact(STATES, 'readwrite', (states) => states.put(kept, key));
  }

  async describe(key: string): Promise<StateInfo | null> {
    return (await transact(STATES, 'readonly', (states) => states.get(key))) ?? null;
  }

  /** Listings are up to date here, so `known` keys need no deletion of their own. */
  async deleteAll(prefix: string): Promise<void> {
    await transact(STATES, 'readwrite', (states) =>
      states.delete(IDBKeyRange.bound(prefix, `${prefix}\uffff`)),
    );
  }

  /** Deletes everything. */
  async clear(): Promise<void> {
    await transact(STATES, 'readwrite', (states) => states.clear());
  }
}
