/** When states are written to the store. */
import { expect, test } from 'vitest';
import { StateCache } from '../../worker/cache/state-cache.ts';
import type { StoredState } from '../../worker/cache/state-codec.ts';
import { MemoryStore } from '../../worker/cache/stores/memory.ts';
import { CHAIN_START } from '../../worker/history/chain.ts';
import { NOTHING_KNOWN } from '../../worker/recommend/history.ts';

const KEY = `${'a'.repeat(64)}/fa4efa4efa4efa4e`;
const STORED: StoredState = {
  stateId: 'fa4efa4efa4efa4e',
  epoch: '00000000-0000-4000-8000-000000000000',
  position: 1,
  digest: CHAIN_START.slice(),
  anchor: 0,
  hadFrom: 0,
  history: NOTHING_KNOWN,
  state: null,
};

test('a list that is made during the write does not make the state be written again', async () => {
  let written = 0;
  const cache = new StateCache(
    new (class extends MemoryStore {
      override async put(): Promise<void> {
        written++;
        await cache.list(KEY, STORED, 'another', async () => []);
      }
    })(),
  );
  cache.remember(KEY, STORED);
  expect(await cache.persist(KEY)).toBe(STORED);
  expect(await cache.persist(KEY)).toBeNull();
  expect(written).toBe(1);
});

test('a newer state that comes during the write is written by the next one', async () => {
  const newer = { ...STORED, position: 2 };
  const cache = new StateCache(
    new (class extends MemoryStore {
      override async put(): Promise<void> {
        cache.remember(KEY, newer);
      }
    })(),
  );
  cache.remember(KEY, STORED);
  expect(await cache.persist(KEY)).toBe(STORED);
  expect(await cache.persist(KEY)).toBe(newer);
});
