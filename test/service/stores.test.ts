/** What every store of states promises, held against each of them. */
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import type { StateStore } from '../../worker/cache/state-store.ts';
import { openStore, STORES } from '../../worker/cache/stores/index.ts';

const bytes = (...values: number[]) => Uint8Array.from(values).buffer;

describe.each(Object.keys(STORES) as (keyof typeof STORES)[])('%s', (name) => {
  const store: StateStore = STORES[name](env);
  const prefix = `state/${crypto.randomUUID()}/`;

  test('what was put is there, with its size and time, and the last write wins', async () => {
    const key = `${prefix}a`;
    expect(await store.get(key)).toBeNull();
    expect(await store.describe(key)).toBeNull();
    await store.put(key, bytes(1, 2, 3), 7);
    await store.put(key, bytes(4, 5), 8);
    expect(new Uint8Array((await store.get(key))!)).toEqual(Uint8Array.of(4, 5));
    const info = (await store.describe(key))!;
    expect(info).toMatchObject({ items: 8, bytes: 2 });
    expect(Math.abs(Date.now() - info.written)).toBeLessThan(60_000);
  });

  test('deleting a prefix leaves others alone, and forgets keys that are not listed yet', async () => {
    const other = `state/${crypto.randomUUID()}/a`;
    for (const key of [`${prefix}b`, `${prefix}c`, other]) await store.put(key, bytes(1), 1);
    await store.deleteAll(prefix, [`${prefix}c`, `${prefix}never`]);
    for (const key of ['a', 'b', 'c']) expect(await store.get(prefix + key)).toBeNull();
    expect(await store.get(other)).not.toBeNull();
  });
});

test('a deployment names its store; a name that is none stops it', () => {
  expect(openStore(env)).toBeInstanceOf(STORES.kv(env).constructor);
  expect(() => openStore({ ...env, STATE_STORE: 'toString' as 'kv' })).toThrow('there are kv, memory, r2');
  const r2 = { ...env, STATE_STORE: 'r2' as 'kv', STATES_BUCKET: undefined };
  expect(() => openStore(r2)).toThrow('STATES_BUCKET');
});
