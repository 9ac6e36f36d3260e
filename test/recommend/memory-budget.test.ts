/** All that an isolate remembers of users stays within one budget, whatever they ask. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { MEMORY_BYTES, StateCache } from '../../worker/cache/state-cache.ts';
import type { StoredState } from '../../worker/cache/state-codec.ts';
import { MemoryStore } from '../../worker/cache/stores/memory.ts';
import { CHAIN_START } from '../../worker/history/chain.ts';
import { NOTHING_KNOWN } from '../../worker/recommend/history.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Bytes that are still in use after garbage collection. */
async function used(): Promise<number> {
  // What typed arrays leave behind is freed by a later task.
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** A store that keeps nothing. */
class Nowhere extends MemoryStore {
  override async put(): Promise<void> {}
}

const STATE_ID = 'fa4efa4efa4efa4e';
const idOf = (user: number) => String(user).padStart(64, '0');

interface User {
  /** Items of the history. */
  items: number;
  /** Of unknown ids in it, and the length of each. */
  unknown?: [count: number, length: number];
  /** Lists that are asked for, and items in each. */
  lists: [count: number, length: number];
}

function stateOf(user: number, { items, unknown: [count, length] = [0, 0] }: User): StoredState {
  const named = Array.from({ length: count }, (_, index) => `${user}/${index}/`.padEnd(length, '界'));
  // A graph's output is often longer than what is kept of it.
  const output = new Int8Array(items * 300);
  return {
    stateId: STATE_ID,
    epoch: '00000000-0000-4000-8000-000000000000',
    position: items,
    digest: CHAIN_START.slice(),
    anchor: 0,
    hadFrom: 0,
    history: {
      ...NOTHING_KNOWN,
      items: new Int32Array(items),
      had: new Int32Array(items),
      unknown: { named, hashes: new Float64Array(count) },
    },
    state: {
      length: items,
      keyValues: output.subarray(0, items * 256),
      localKeyValues: new Int8Array(1300),
      final: new Float32Array(128),
      codeLogits: new Float32Array(64),
    },
  };
}

test.each<[string, number, User]>([
  ['users of hundreds of items', 2000, { items: 200, lists: [1, 10] }],
  ['users of one item, with all the lists that are kept', 8000, { items: 1, lists: [6, 100] }],
  ['users with the longest names of unknown ids', 1500, { items: 5, unknown: [100, 200], lists: [2, 10] }],
  ['users without a list', 30_000, { items: 0, lists: [0, 0] }],
])('%s', async (_, users, user) => {
  const cache = new StateCache(new Nowhere());
  const before = await used();
  for (let index = 0; index < users; index++) {
    const id = idOf(index);
    const stored = stateOf(index, user);
    cache.remember(id, stored);
    for (let list = 0; list < user.lists[0]; list++) {
      await cache.list(id, stored, `${list}`.padStart(64, 'f'), async () =>
        Array.from({ length: user.lists[1] }, (_, item) => ({ item, score: -item - Math.random() })),
      );
    }
    await cache.persist(id, STATE_ID);
  }
  const taken = (await used()) - before;
  expect(taken).toBeLessThan(MEMORY_BYTES);
  // It is a cache: a good part of the budget is of use.
  expect(taken).toBeGreaterThan(MEMORY_BYTES / 4);
  expect(cache.kept(idOf(users - 1), STATE_ID)).toBeDefined();
});
