/**
 * Something that a Durable Object publishes and every isolate reads: the truth stays in the object, isolates
 * read a copy from Workers KV.
 */

import type { Copies, Copy } from './copy.ts';

/** A copy is asked for again after this time, while the old one is used. */
const REFRESH_AFTER_MS = 10_000;
/**
 * No older copy is used while Workers KV answers. With a second or two until the object writes, and 30
 * seconds for which Workers KV caches a read at the least, a change is everywhere within a minute.
 */
const OLDEST_MS = 25_000;
/** https://developers.cloudflare.com/kv/api/read-key-value-pairs/#cachettl-parameter */
const CACHE_SECONDS = 30;
/** After a failed read the next one waits this long. */
const RETRY_AFTER_MS = 5000;

export interface PublishedOptions<T> {
  /** The value, if this is one; throws for anything else. */
  parse(json: object): T;
  /** Keeps a refresh running after the answer. */
  waitUntil(work: Promise<unknown>): void;
  /**
   * Called when Workers KV has nothing, or something else. The owner of the truth may publish again, and says
   * whether there is something to publish.
   */
  onUnusable?(): Promise<boolean>;
}

/** One published value in this isolate. A request never waits for another request's read. */
export class Published<T extends { version: number }> implements Copies<T> {
  private readonly kv: KVNamespace;
  private readonly key: string;
  private readonly options: PublishedOptions<T>;
  private copy: Copy<T> = { value: null, degraded: false };
  private readAt = -Infinity;
  private refreshing = false;

  constructor(kv: KVNamespace, key: string, options: PublishedOptions<T>) {
    this.kv = kv;
    this.key = key;
    this.options = options;
  }

  async read(): Promise<Copy<T>> {
    const age = Date.now() - this.readAt;
    if (age >= OLDEST_MS) await this.refresh();
    else if (age >= REFRESH_AFTER_MS && !this.refreshing) this.options.waitUntil(this.refresh());
    return this.copy;
  }

  offer(value: T): void {
    if (value.version > (this.copy.value?.version ?? 0)) this.copy = { value, degraded: false };
  }

  private async refresh(): Promise<void> {
    this.refreshing = true;
    try {
      const known = this.copy.value?.version ?? 0;
      const { value: stream, metadata } = await this.kv.getWithMetadata<{ version: number }>(this.key, {
        type: 'stream',
        cacheTtl: CACHE_SECONDS,
      });
      if (stream === null) {
        this.copy = { ...this.copy, degraded: known > 0 || this.copy.degraded };
        this.options.waitUntil(this.reportUnusable());
      } else if (metadata && metadata.version <= known) {
        await stream.cancel();
        this.copy = { ...this.copy, degraded: false };
      } else {
        const value = await this.valueOf(stream);
        this.copy = { ...this.copy, degraded: false };
        this.offer(value);
      }
      this.readAt = Date.now();
    } catch (error) {
      this.copy = { ...this.copy, degraded: true };
      this.readAt = Date.now() - OLDEST_MS + RETRY_AFTER_MS;
      const message = error instanceof Error ? error.message : String(error);
      console.warn(JSON.stringify({ level: 'warn', event: 'live_read_failed', key: this.key, message }));
    } finally {
      this.refreshing = false;
    }
  }

  private async valueOf(stream: ReadableStream): Promise<T> {
    try {
      const json = (await unpacked(stream)) as { key?: unknown };
      if (json.key !== this.key) throw new Error('this is another value');
      return this.options.parse(json);
    } catch (error) {
      this.options.waitUntil(this.reportUnusable());
      throw error;
    }
  }

  /** Without a value, the owner of the truth knows whether one should be there. */
  private async reportUnusable(): Promise<void> {
    const { copy } = this;
    const isExpected = (await this.options.onUnusable?.().catch(() => true)) ?? false;
    if (this.copy === copy) this.copy = { ...copy, degraded: isExpected || copy.value !== null };
  }
}

/** Writes a value for every isolate to read: JSON that names its key, compressed. */
export async function publish(kv: KVNamespace, key: string, value: { version: number }): Promise<void> {
  const packed = new Response(JSON.stringify({ key, ...value })).body!.pipeThrough(
    new CompressionStream('gzip'),
  );
  const bytes = await new Response(packed).arrayBuffer();
  await kv.put(key, bytes, { metadata: { version: value.version } });
}

function unpacked(stream: ReadableStream): Promise<unknown> {
  return new Response(stream.pipeThrough(new DecompressionStream('gzip'))).json();
}
