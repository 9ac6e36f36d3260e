/** Similar items: the cosines of the float embeddings, read once and only when someone asks. */
import { expect, test } from 'vitest';
import { buildModel } from '../../scripts/build/build-model.ts';
import { servingWeights } from '../../scripts/build/weights.ts';
import { memorySource } from '../../scripts/node-model.ts';
import { loadModel } from '../../worker/models/model.ts';
import { TINY, testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

const { files } = buildModel(tinyCheckpoint(), 'tiny', 'int8');

/** The tiny model, and how often its vectors were read. */
async function load(changed = files) {
  const source = memorySource(changed);
  const reads: string[] = [];
  const counting = {
    read: (path: string) => {
      reads.push(path);
      return source.read(path);
    },
  };
  const model = await loadModel(counting, testRuntime);
  return { model, reads: () => reads.filter((path) => path === 'item-vectors.bin').length };
}

/** Cosines of all items to this one, in float. */
function cosines(item: number): number[] {
  const { data } = servingWeights(tinyCheckpoint()).history;
  const row = (index: number) => [...data.subarray(index * TINY.width, (index + 1) * TINY.width)];
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, c) => sum + value * b[c], 0);
  const [own, norm] = [row(item), Math.sqrt(dot(row(item), row(item)))];
  return Array.from({ length: TINY.items }, (_, other) => {
    return dot(own, row(other)) / (norm * Math.sqrt(dot(row(other), row(other))));
  });
}

test('the scores are the cosines of the embeddings, best first, without the item itself', async () => {
  const { model } = await load();
  for (const item of [0, 17, TINY.items - 1]) {
    const expected = cosines(item);
    const list = await model.similar(item, { k: TINY.items, allowed: model.catalogue.allowed([]) });
    expect(list.map((ranked) => ranked.item).toSorted((a, b) => a - b)).toEqual(
      expected.flatMap((_, other) => (other === item ? [] : [other])),
    );
    for (const [place, { item: other, score }] of list.entries()) {
      expect(Math.abs(score - expected[other])).toBeLessThan(0.01);
      if (place > 0) expect(score).toBeLessThanOrEqual(list[place - 1].score);
    }
  }
});

test('only allowed items are listed, the best of them', async () => {
  const { model } = await load();
  const { catalogue } = model;
  const all = await model.similar(5, { k: TINY.items, allowed: catalogue.allowed([]) });
  const allowed = catalogue.allowed([8, 15], ['row 1']);
  const some = await model.similar(5, { k: 3, allowed });
  expect(some).toEqual(all.filter(({ item }) => allowed[item] === 1).slice(0, 3));
  expect(some).toHaveLength(3);
});

test('the vectors are not read until someone asks, and then once', async () => {
  const { model, reads } = await load();
  const allowed = model.catalogue.allowed([]);
  await model.recommend({ history: [1], k: 5, allowed });
  expect(reads()).toBe(0);
  for (const item of [1, 2, 3]) await model.similar(item, { k: 5, allowed });
  expect(reads()).toBe(1);
});

test('missing or damaged vectors take nothing away but themselves, and are asked for again', async () => {
  const path = 'item-vectors.bin';
  const flipped = files.get(path)!.slice();
  flipped[100] ^= 1;
  for (const [bytes, reason] of [
    [undefined, 'asset_missing'],
    [flipped, 'asset_damaged'],
  ] as const) {
    const changed = new Map(files);
    if (bytes) changed.set(path, bytes);
    else changed.delete(path);
    const { model } = await load(changed);
    const allowed = model.catalogue.allowed([]);
    expect((await model.recommend({ history: [1], k: 5, allowed })).items).toHaveLength(5);
    await expect(model.similar(1, { k: 5, allowed })).rejects.toMatchObject({ reason });
    changed.set(path, files.get(path)!);
    expect(await model.similar(1, { k: 5, allowed })).toHaveLength(5);
  }
});
