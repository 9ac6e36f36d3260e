/** The item table: similar items by the cosines of the float embeddings. */
import { expect, test } from 'vitest';
import { buildModel } from '../../scripts/build/build-model.ts';
import { servingWeights } from '../../scripts/build/weights.ts';
import { memorySource } from '../../scripts/node-model.ts';
import { loadModel } from '../../worker/models/model.ts';
import { TINY, testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

const { files } = buildModel(tinyCheckpoint(), 'tiny', 'int8');

const model = await loadModel(memorySource(files), testRuntime);

/** Cosines of all items to this one, in float. */
function cosines(item: number): number[] {
  const { data } = servingWeights(tinyCheckpoint()).itemVectors;
  const row = (index: number) => [...data.subarray(index * TINY.width, (index + 1) * TINY.width)];
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, c) => sum + value * b[c], 0);
  const [own, norm] = [row(item), Math.sqrt(dot(row(item), row(item)))];
  return Array.from({ length: TINY.items }, (_, other) => {
    return dot(own, row(other)) / (norm * Math.sqrt(dot(row(other), row(other))));
  });
}

test('the scores are the cosines of the embeddings, best first, without the item itself', () => {
  for (const item of [0, 17, TINY.items - 1]) {
    const expected = cosines(item);
    const list = model.itemTable().nearest(item, model.catalogue.allowed([]), TINY.items);
    expect(list.map((ranked) => ranked.item).toSorted((a, b) => a - b)).toEqual(
      expected.flatMap((_, other) => (other === item ? [] : [other])),
    );
    for (const [place, { item: other, score }] of list.entries()) {
      expect(Math.abs(score - expected[other])).toBeLessThan(0.01);
      if (place > 0) expect(score).toBeLessThanOrEqual(list[place - 1].score);
    }
  }
});

test('only allowed items are listed, the best of them', () => {
  const { catalogue } = model;
  const all = model.itemTable().nearest(5, catalogue.allowed([]), TINY.items);
  const allowed = catalogue.allowed([8, 15], ['row 1']);
  const some = model.itemTable().nearest(5, allowed, 3);
  expect(some).toEqual(all.filter(({ item }) => allowed[item] === 1).slice(0, 3));
  expect(some).toHaveLength(3);
});
