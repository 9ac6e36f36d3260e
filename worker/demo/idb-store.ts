/** Keeps states in IndexedDB, as the service keeps them in Workers KV: they survive a reload. */
import type { StateInfo, StateStore } from '../cache/state-store.ts';

const DATABASE = 'earn-edge';
const STATES = 'states';

interface Kept extends StateInfo {
  value: ArrayBuffer;
}

export class IdbStore implements StateStore {
  private database: Promise<IDBDatabase> | undefined;

  async get(key: string): Promise<ArrayBuffer | null> {
    const kept: Kept | undefined = await this.run('readonly', (states) => states.get(key));
    return kept?.value ?? null;
  }

  async put(key: string, value: ArrayBuffer, items: number): Promise<void> {
    const kept: Kept = { value, items, bytes: value.byteLength, written: Date.now() };
    await this.run('readwrite', (states) => states.put(kept, key));
  }

  async describe(key: string): Promise<StateInfo | null> {
    return (await this.run('readonly', (states) => states.get(key))) ?? null;
  }

  /** Listings are up to date here, so `known` keys need no deletion of their own. */
  async deleteAll(prefix: string): Promise<void> {
    await this.run('readwrite', (states) => states.delete(IDBKeyRange.bound(prefix, `${prefix}\uffff`)));
  }

  /** Deletes everything. */
  async clear(): Promise<void> {
    await this.run('readwrite', (states) => states.clear());
  }

  private async run<T>(
    mode: IDBTransactionMode,
    request: (states: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    this.database ??= open();
    return settled(request((await this.database).transaction(STATES, mode).objectStore(STATES)));
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STATES);
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
