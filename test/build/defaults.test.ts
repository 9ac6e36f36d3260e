/** What a model does by default follows from its data. */
import { expect, test, vi } from 'vitest';
import { buildModel, withDefaults, withMemory } from '../../scripts/build/build-model.ts';
import { chooseIncludeSeen, chooseRanker } from '../../scripts/build/defaults.ts';
import { buildMemory } from '../../scripts/build/memory/build-memory.ts';
import type { Dataset } from '../../scripts/dataset.ts';
import { memorySource } from '../../scripts/node-model.ts';
import { loadModel } from '../../worker/models/model.ts';
import { datasetOf, type History } from '../fixtures/dataset.ts';
import { TINY, testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

/** 60 users; `walk` has the items of each, of which the last two are held out. */
function logOf(walk: (user: number) => number[]): Dataset {
  const histories: Record<string, History> = {};
  for (let user = 0; user < 60; user++) {
    const items = walk(user).map((index) => `item-${index % TINY.items}`);
    const { length } = items;
    histories[`user-${user}`] = { items, trained: length - 2, known: length - 1 };
  }
  return datasetOf(histories);
}

/** Everybody takes one item after the other, nothing twice. */
const circle = logOf((user) => Array.from({ length: 9 }, (_, step) => 3 * user + step));
/** Everybody takes the same item again and again. */
const refills = logOf((user) => Array.from({ length: 9 }, () => user));

const built = buildModel(tinyCheckpoint(), 'tiny', 'int8');
const load = (model = built) => loadModel(memorySource(model.files), testRuntime);

test('where nobody takes anything twice, what users have had is hidden, and nothing is ranked to know', async () => {
  const model = await load();
  const prefill = vi.spyOn(model, 'prefill');
  expect(await chooseIncludeSeen(model, circle)).toBe(false);
  expect(prefill).not.toHaveBeenCalled();
});

test('where people take the same again, it stays in lists', async () => {
  expect(await chooseIncludeSeen(await load(), refills)).toBe(true);
});

test('counting makes the lists where it is better than the decoder, as after one with random weights', async () => {
  expect(await chooseRanker(await load(), circle)).toBe(built.manifest.ranker); // no memory, no counting
  const memory = await buildMemory(await load(), circle);
  // The fit lets the memory weigh so much that the mixture is as good. Here it weighs nothing.
  const apart = withMemory(built, { ...memory, options: { ...memory.options, weights: [0] } });
  expect(await chooseRanker(await load(apart), circle)).toBe('counts');
  expect(await chooseRanker(await load(withMemory(built, memory)), circle)).toBe(built.manifest.ranker);
});

test('other defaults make another model with the same states and the same catalogue', async () => {
  const { manifest } = await load(withDefaults(built, { includeSeen: true }));
  const { id, digest } = manifest;
  expect(manifest).toEqual({ ...built.manifest, id, digest, includeSeen: true });
  expect(manifest.id).not.toBe(built.manifest.id);
});

test('a manifest can not promise counting without a memory', async () => {
  const load = loadModel(memorySource(withDefaults(built, { ranker: 'counts' }).files), testRuntime);
  await expect(load).rejects.toMatchObject({ reason: 'manifest_damaged' });
});
