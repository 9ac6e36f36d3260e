/** All that an isolate remembers stays within one budget, whatever is asked of it. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { BUDGET } from '../../worker/cache/budget.ts';
import { StateCache } from '../../worker/cache/state-cache.ts';
import type { StoredState } from '../../worker/cache/state-codec.ts';
import { MemoryStore } from '../../worker/cache/stores/memory.ts';
import { ListedCatalogue } from '../../worker/catalogue/listed-catalogue.ts';
import { ITEMS_PER_SHARD, ItemShards, itemShards } from '../../worker/catalogue/stored/item-shards.ts';
import { CHAIN_START } from '../../worker/history/chain.ts';
import { readTransitions, writeTransitions } from '../../worker/memory/layout.ts';
import {
  ROWS_PER_SHARD,
  StoredTransitions,
  transitionShards,
} from '../../worker/memory/stored-transitions.ts';
import { NOTHING_KNOWN } from '../../worker/recommend/history.ts';
import { type AppliedRules, appliedRules } from '../../worker/rules/applied.ts';

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

const USERS_BYTES = BUDGET.states + BUDGET.writes;
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
      slidingKeyValues: new Int8Array(0),
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
  expect(taken).toBeLessThan(USERS_BYTES);
  // It is a cache: a good part of the budget is of use.
  expect(taken).toBeGreaterThan(USERS_BYTES / 4);
  expect(cache.kept(idOf(users - 1), STATE_ID)).toBeDefined();
});

/** What is in use after `work` beside what was before. */
async function takenBy(work: () => Promise<unknown>): Promise<number> {
  const before = await used();
  await work();
  return (await used()) - before;
}

test.each([
  ['short texts', 10],
  ['the longest titles', 2000],
])('items of a large catalogue with %s', async (_, length) => {
  const shards = new ItemShards(async (shard) => {
    const items = Array.from({ length: ITEMS_PER_SHARD }, (_, at) => ({
      id: `${shard}/${at}`,
      title: `${shard}/${at}`.padEnd(length, '界'),
      categories: [`of ${shard}`, `at ${at}`],
      count: at,
    }));
    return itemShards(items).next().value!;
  });
  const taken = await takenBy(async () => {
    for (let at = 0; at < 8000; at += 50) {
      await shards.read(Array.from({ length: 50 }, (_, item) => (at + item) * 7));
    }
  });
  expect(taken).toBeLessThan(BUDGET.items);
  expect(taken).toBeGreaterThan(BUDGET.items / 4);
  expect((await shards.read([7])).get(7)?.count).toBe(7);
});

test.each([0, 3, 64])('rows of %i transitions', async (length) => {
  const row = Array.from({ length }, (_, at) => [10 * at, 0.01] as const);
  const rows = Array.from({ length: ROWS_PER_SHARD }, () => row);
  const [file] = transitionShards(readTransitions(writeTransitions(rows), rows.length));
  const stored = new StoredTransitions(1_000_000, async () => file);
  const taken = await takenBy(async () => {
    for (let at = 0; at < 20_000; at += 50) {
      await stored.of(Array.from({ length: 50 }, (_, item) => at + item));
    }
  });
  expect(taken).toBeLessThan(BUDGET.transitions);
  expect(taken).toBeGreaterThan(BUDGET.transitions / 8);
});

test('rules that begin and end, over a hundred thousand items', async () => {
  const items = Array.from({ length: 100_000 }, (_, item) => ({
    id: `${item}`,
    title: '',
    categories: item % 2 === 0 ? ['even'] : [],
    count: 1,
  }));
  const catalogue = new ListedCatalogue(items);
  const rules = (['boost', 'hide', 'pin'] as const).map((action) => ({
    name: action,
    action,
    filter: { categories: 'even' },
    factor: 2,
  }));
  const taken = await takenBy(async () => {
    for (let from = 0; from < 24; from++) {
      appliedRules(
        rules.map((rule) => ({ ...rule, from })),
        catalogue,
        1000,
      );
    }
  });
  expect(taken).toBeLessThan(BUDGET.rules);
  expect(taken).toBeGreaterThan(BUDGET.rules / 4);
  const applied: AppliedRules = appliedRules(rules, catalogue, 0);
  expect(applied.touching(99_998)).toEqual(['boost', 'hide', 'pin']);
  expect(applied.touching(99_999)).toEqual([]);
});
