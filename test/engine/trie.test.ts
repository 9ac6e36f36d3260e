import { expect, test } from 'vitest';
import { Trie } from '../../worker/engine/trie.ts';

const ids = Uint16Array.of(0, 0, 0, 2, 3, 1, 3, 3); // four items of two codes

test('children lead from code to code to the item', () => {
  const trie = new Trie(ids, 2, 4);
  expect([...trie.children[0]]).toEqual([0, -1, -1, 1]);
  expect([...trie.children[1]]).toEqual([0, -1, 1, -1, -1, 2, -1, 3]);
});

test('a prefix is open when an allowed item is under it', () => {
  const trie = new Trie(ids, 2, 4);
  const masks = (...allowed: number[]) => trie.leadingTo(Uint8Array.from(allowed)).map((mask) => [...mask]);
  expect(masks(1, 1, 1, 1)).toEqual([
    [1, 1],
    [1, 1, 1, 1],
  ]);
  expect(masks(1, 0, 0, 0)).toEqual([
    [1, 0],
    [1, 0, 0, 0],
  ]);
  expect(masks(0, 0, 0, 1)).toEqual([
    [0, 1],
    [0, 0, 0, 1],
  ]);
  expect(masks(0, 0, 0, 0)).toEqual([
    [0, 0],
    [0, 0, 0, 0],
  ]);
});

test('two items with one semantic ID, or a code outside the codebook, are refused', () => {
  expect(() => new Trie(Uint16Array.of(1, 2, 1, 2), 2, 4)).toThrow('items 0 and 1 have the same semantic ID');
  expect(() => new Trie(Uint16Array.of(1, 4), 2, 4)).toThrow('item 0 has code 4 of 4');
});
