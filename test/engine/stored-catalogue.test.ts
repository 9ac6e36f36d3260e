import { expect, test } from 'vitest';
import { randomInts, seededRandom } from '../../scripts/random.ts';
import { idHash } from '../../worker/catalogue/id-hash.ts';
import { HashedIds, hashIds } from '../../worker/catalogue/stored/hashed-ids.ts';
import { ITEMS_PER_SHARD, ItemShards, itemShards } from '../../worker/catalogue/stored/item-shards.ts';
import { Postings, postingsOf } from '../../worker/catalogue/stored/postings.ts';
import { MOST_PER_WORD, WordIndex, wordShards } from '../../worker/catalogue/stored/word-index.ts';

import { readTransitions, writeTransitions } from '../../worker/memory/layout.ts';
import { StoredTransitions, transitionShards } from '../../worker/memory/stored-transitions.ts';

const random = seededRandom(3);

test('every id is found at its index, others are not', () => {
  const ids = Array.from({ length: 5000 }, (_, item) => `id ${item}`);
  const { file, twins } = hashIds(ids);
  const index = new HashedIds(file, ids.length, twins);
  for (const [item, id] of ids.entries()) {
    expect(index.get(id)).toBe(item);
    expect(index.find(idHash(id))).toBe(item);
  }
  for (const id of ['', 'id 5000', 'ID 1', 'id 1 ']) expect(index.get(id)).toBeUndefined();
  expect(() => new HashedIds(file.subarray(8), ids.length, twins)).toThrow(RangeError);
});

test('ids with equal hashes are told apart', () => {
  const byFirst = (id: string) => id.charCodeAt(0) * 2 ** 40 + 7;
  const ids = ['apple', 'banana', 'avocado', 'artichoke', 'cherry'];
  const { file, twins } = hashIds(ids, byFirst);
  expect(twins).toEqual({ apple: 0, avocado: 2, artichoke: 3 });
  const index = new HashedIds(file, ids.length, twins, byFirst);
  expect(ids.map((id) => index.get(id))).toEqual([0, 1, 2, 3, 4]);
});

test('categories have the items that name them', () => {
  const items = Array.from({ length: 2000 }, () => ({
    categories: randomInts(random, 3, 40).map((category) => `c${category ** 3}`),
  }));
  items.push({ categories: ['the last', 'the last'] });
  const { names, file } = postingsOf(items);
  const postings = new Postings(names, file);
  const counted = [...postings.entries()];
  expect(counted.map(({ name }) => name)).toEqual(
    [...new Set(items.flatMap(({ categories }) => categories))].sort(),
  );
  for (const { name, items: count } of counted) {
    const expected = [...items.keys()].filter((item) => items[item].categories.includes(name));
    expect([...postings.get(name)]).toEqual(expected);
    expect(count).toBe(expected.length);
    expect(postings.includes(name, expected[0])).toBe(true);
    expect(postings.includes(name, expected[0] - 1)).toBe(false);
  }
  expect(postings.has('c2')).toBe(false);
  expect([...postings.get('c2')]).toEqual([]);
  expect(() => new Postings(names, file.subarray(0, -1))).toThrow(RangeError);
});

test('only the files of the wanted items are read, each once, and what was read is kept', async () => {
  const items = Array.from({ length: 3 * ITEMS_PER_SHARD + 5 }, (_, item) => ({
    id: `${item}`,
    title: `line\nbreak ${item}`,
    categories: [],
    count: item,
  }));
  const files = [...itemShards(items)];
  const reads: number[] = [];
  const shards = new ItemShards(async (shard) => {
    reads.push(shard);
    return files[shard];
  });
  const wanted = [0, 1, ITEMS_PER_SHARD - 1, 3 * ITEMS_PER_SHARD + 4];
  expect(await shards.read(wanted)).toEqual(new Map(wanted.map((item) => [item, items[item]])));
  expect(reads).toEqual([0, 3]);
  await shards.read([1, 3 * ITEMS_PER_SHARD + 4]);
  expect(reads).toEqual([0, 3]);
});

test('of a frequent word the most popular items are listed, and that there are more', async () => {
  const items = Array.from({ length: MOST_PER_WORD + 10 }, (_, item) => ({
    title: item === 3 ? 'Common and rare' : 'Common',
    categories: [],
    count: item,
  }));
  const files = wordShards(items);
  const index = new WordIndex(files.length, async (shard) => files[shard]);
  const [common, rare, none] = await index.find(['commo', 'rare', 'nothing']);
  expect(common.complete).toBe(false);
  expect(common.items.size).toBe(MOST_PER_WORD);
  expect(Math.min(...common.items)).toBe(10);
  expect(rare).toEqual({ word: 'rare', items: new Set([3]), complete: true });
  expect(none).toEqual({ word: 'nothing', items: new Set(), complete: true });
});

test('rows of transitions in files are those of the whole', async () => {
  const rows = Array.from({ length: 600 }, () =>
    [...new Set(randomInts(random, 5, 600))].sort((a, b) => a - b).map((item) => [item, 0.1] as const),
  );
  const whole = readTransitions(writeTransitions(rows), rows.length);
  const files = [...transitionShards(whole)];
  const stored = new StoredTransitions(rows.length, async (shard) => files[shard]);
  const wanted = [599, 3, 256, 255, 700, 3];
  const found = await stored.of(wanted);
  expect([...found.places.keys()].sort((a, b) => a - b)).toEqual([3, 255, 256, 599]);
  for (const [item, place] of found.places) {
    const own = found.successors.slice(found.starts[place], found.starts[place + 1]);
    expect([...own]).toEqual([...whole.successors.slice(whole.starts[item], whole.starts[item + 1])]);
  }
});
