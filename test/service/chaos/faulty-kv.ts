/** Workers KV in memory, with what goes wrong there. */
import type { Faults } from './faults.ts';

interface Entry {
  value: ArrayBuffer;
  metadata: unknown;
}

/** Values that a key had before, for stale answers. */
const PAST = 6;

/**
 * A KV that fails, forgets, answers with what was, with a part, or with another key's value; writes late.
 * `loses`: a write may be lost, or come after later ones, as with a cache that nobody relies on.
 */
export function faultyKv(faults: Faults, loses: boolean): KVNamespace {
  const entries = new Map<string, Entry>();
  const past = new Map<string, Entry[]>();
  const late: (() => void)[] = [];
  const away = () => new Error('KV: 503 Service Unavailable');

  function read(key: string): Entry | null {
    const kinds = ['kv_away', 'kv_stale', 'kv_truncated', 'kv_other_value', 'kv_missing'] as const;
    const fault = faults.of(`kv ${key}`, kinds);
    const entry = entries.get(key) ?? null;
    const old = past.get(key) ?? [];
    if (fault === 'kv_away') throw away();
    if (fault === 'kv_missing') return null;
    if (fault === 'kv_stale' && old.length > 0) return old[Math.floor(old.length / 2)];
    if (fault === 'kv_truncated') {
      return entry && { ...entry, value: entry.value.slice(0, entry.value.byteLength >> 1) };
    }
    if (fault === 'kv_other_value') {
      const other = [...entries].find(([name]) => name !== key);
      return other ? other[1] : entry;
    }
    return entry;
  }

  return {
    async get(key: string) {
      return read(key)?.value.slice(0) ?? null;
    },
    async getWithMetadata(key: string) {
      const entry = read(key);
      return { value: entry && new Response(entry.value.slice(0)).body, metadata: entry?.metadata ?? null };
    },
    async put(key: string, value: ArrayBuffer, { metadata }: KVNamespacePutOptions = {}) {
      const entry = { value: value.slice(0), metadata };
      const kinds = loses ? (['kv_away', 'kv_write_lost', 'kv_write_late'] as const) : (['kv_away'] as const);
      const fault = faults.of(`kv ${key}`, kinds);
      if (fault === 'kv_away') throw away();
      if (fault === 'kv_write_lost') return;
      past.set(key, [...(past.get(key) ?? []), entry].slice(-PAST));
      if (fault === 'kv_write_late') late.push(() => void entries.set(key, entry));
      else entries.set(key, entry);
      if (late.length > 3) late.shift()!();
    },
    async delete(key: string) {
      if (faults.of(`kv ${key}`, ['kv_away'] as const)) throw away();
      entries.delete(key);
    },
    async list({ prefix, limit = 1000 }: KVNamespaceListOptions) {
      const fault = faults.of(`kv ${prefix}`, ['kv_away', 'kv_listing_late'] as const);
      if (fault === 'kv_away') throw away();
      const found = [...entries].filter(([name]) => name.startsWith(prefix ?? '')).slice(0, limit);
      const keys = fault ? [] : found.map(([name, { metadata }]) => ({ name, metadata }));
      return { keys, list_complete: true, cacheStatus: null };
    },
  } as unknown as KVNamespace;
}
