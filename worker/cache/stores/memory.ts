import type { StateInfo, StateStore } from '../state-store.ts';

/**
 * States in the isolate's own memory: every isolate computes a returning user's state once. For examples and
 * tests, and for measuring what a store is worth. Keeps copies, so later changes of a caller's bytes do not
 * reach them.
 */
export class MemoryStore implements StateStore {
  readonly values = new Map<string, { bytes: ArrayBuffer; info: StateInfo }>();

  async get(key: string): Promise<ArrayBuffer | null> {
    return this.values.get(key)?.bytes.slice(0) ?? null;
  }

  async put(key: string, value: ArrayBuffer, items: number): Promise<void> {
    const info = { items, bytes: value.byteLength, written: Date.now() };
    this.values.set(key, { bytes: value.slice(0), info });
  }

  async describe(key: string): Promise<StateInfo | null> {
    return this.values.get(key)?.info ?? null;
  }

  async deleteAll(prefix: string): Promise<void> {
    for (const key of this.values.keys()) if (key.startsWith(prefix)) this.values.delete(key);
  }
}
