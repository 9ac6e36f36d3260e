/** When states are written to the store. */
import { expect, test } from 'vitest';
import { StateCache } from '../../worker/cache/state-cache.ts';
import type { StoredState } from '../../worker/cache/state-codec.ts';
import { MemoryStore } from '../../worker/cache/stores/memory.ts';
import { CHAIN_START } from '../../worker/history/chain.ts';
import { NOTHING_KNOWN } from '../../worker/recommend/history.ts';

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
        await cache.list('ada', STORED, 'another', async () => []);
      }
    })(),
  );
  cache.remember('ada', STORED);
  expect(await cache.persist('ada', STORED.stateId)).toBe(STORED);
  expect(await cache.persist('ada', STORED.stateId)).toBeNull();
  expect(written).toBe(1);
});

test('a newer state that comes during the write is written by the next one', async () => {
  const newer = { ...STORED, position: 2 };
  const cache = new StateCache(
    new (class extends MemoryStore {
      override async put(): Promise<void> {
        cache.remember('ada', newer);
      }
    })(),
  );
  cache.remember('ada', STORED);
  expect(await cache.persist('ada', STORED.stateId)).toBe(STORED);
  expect(await cache.persist('ada', STORED.stateId)).toBe(newer);
});

test('a user’s states of two models stand beside each other, and a third takes the place of the oldest', () => {
  const cache = new StateCache(new MemoryStore());
  const ids = ['a', 'b', 'c'].map((digit) => digit.repeat(16));
  for (const stateId of ids) cache.remember('ada', { ...STORED, stateId });
  cache.remember('bob', STORED);
  expect(ids.map((id) => cache.kept('ada', id)?.stateId)).toEqual([undefined, ids[1], ids[2]]);
  cache.drop('ada', cache.kept('ada', ids[1])!);
  expect(ids.map((id) => cache.kept('ada', id)?.stateId)).toEqual([undefined, undefined, ids[2]]);
  expect(cache.kept('bob', STORED.stateId)).toBe(STORED);
});

test('who is forgotten is forgotten for every model that this isolate wrote for, and nobody else is', async () => {
  const store = new MemoryStore();
  const cache = new StateCache(store);
  const ids = ['a', 'b'].map((digit) => digit.repeat(16));
  for (const user of ['ada', 'ada/', '']) {
    for (const stateId of ids) {
      cache.remember(user, { ...STORED, stateId });
      await cache.persist(user, stateId);
    }
  }
  expect(store.values.size).toBe(6);
  await cache.forget('ada');
  expect(store.values.size).toBe(4);
  for (const id of ids) {
    expect(cache.kept('ada', id)).toBeUndefined();
    expect(cache.kept('ada/', id)).toBeDefined();
    expect(await cache.fetch('', id)).toMatchObject({ stateId: id });
  }
});
