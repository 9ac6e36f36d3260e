import type { StateInfo, StateStore } from '../state-store.ts';

/**
 * An R2 bucket: strongly consistent, without KV's limit of one write per second and key, and cheaper for
 * large states. Objects don't expire by themselves; docs/deploy.md says how a lifecycle rule makes them.
 */
export class R2Store implements StateStore {
  private readonly bucket: R2Bucket;

  /** Throws TypeError without the binding `STATES_BUCKET`. */
  constructor(bucket: R2Bucket | undefined) {
    if (!bucket)
      throw new TypeError('STATE_STORE = "r2" needs an R2 binding named STATES_BUCKET in wrangler.toml');
    this.bucket = bucket;
  }

  async get(key: string): Promise<ArrayBuffer | null> {
    const object = await this.bucket.get(key);
    return object ? object.arrayBuffer() : null;
  }

  async put(key: string, value: ArrayBuffer, items: number): Promise<void> {
    await this.bucket.put(key, value, { customMetadata: { items: String(items) } });
  }

  async describe(key: string): Promise<StateInfo | null> {
    const object = await this.bucket.head(key);
    if (!object) return null;
    const { customMetadata, size, uploaded } = object;
    return { items: Number(customMetadata?.items), bytes: size, written: uploaded.getTime() };
  }

  /** A listing is up to date, so `known` keys need no deletion of their own. */
  async deleteAll(prefix: string): Promise<void> {
    for (;;) {
      const { objects, truncated } = await this.bucket.list({ prefix });
      if (objects.length > 0) await this.bucket.delete(objects.map(({ key }) => key));
      if (!truncated) return;
    }
  }
}
