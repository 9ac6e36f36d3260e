import type { StateInfo, StateStore } from '../state-store.ts';

/** The state of a user who stays away for this long expires. Each write starts the time again. */
const EXPIRATION_SECONDS = 30 * 24 * 60 * 60;

/** Workers KV: eventually consistent, last write wins, one write per second and key. */
export class KvStore implements StateStore {
  private readonly kv: KVNamespace;

  constructor(kv: KVNamespace) {
    this.kv = kv;
  }

  get(key: string): Promise<ArrayBuffer | null> {
    return this.kv.get(key, 'arrayBuffer');
  }

  put(key: string, value: ArrayBuffer, items: number): Promise<void> {
    const metadata: StateInfo = { items, bytes: value.byteLength, written: Date.now() };
    return this.kv.put(key, value, { expirationTtl: EXPIRATION_SECONDS, metadata });
  }

  async describe(key: string): Promise<StateInfo | null> {
    const { keys } = await this.kv.list<StateInfo>({ prefix: key, limit: 1 });
    return keys[0]?.metadata ?? null;
  }

  /**
   * A listing may lag a minute behind the writes, so `known` keys are deleted whether they are listed or not.
   */
  async deleteAll(prefix: string, known: Iterable<string>): Promise<void> {
    const names = new Set(known);
    let cursor: string | undefined;
    do {
      const page = await this.kv.list({ prefix, cursor });
      for (const { name } of page.keys) names.add(name);
      cursor = page.list_complete ? undefined : page.cursor;
    } while (cursor !== undefined);
    for (const name of names) await this.kv.delete(name);
  }
}
