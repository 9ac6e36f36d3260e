/** The item table: the vectors that histories are made of, and similar items by their cosines. */
import { describe, expect, test } from 'vitest';
import { Graph, Weights } from '../../scripts/build/graph.ts';
import { itemTable } from '../../scripts/build/item-table.ts';
import { quantizeRows } from '../../scripts/build/quantize.ts';
import { servingWeights } from '../../scripts/build/weights.ts';
import { PRECISIONS } from '../../worker/engine/config.ts';
import { StoredItemTable } from '../../worker/engine/item-table.ts';
import { Tensor } from '../../worker/engine/runtime.ts';
import { TINY, testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

const vectors = servingWeights(tinyCheckpoint()).itemVectors;
const vectorOf = (item: number) => vectors.data.subarray(item * TINY.width, (item + 1) * TINY.width);
const everything = new Uint8Array(TINY.items).fill(1);

/** The table in a buffer of other things, as the last piece of a larger file might lie. */
const tables = Object.fromEntries(
  PRECISIONS.map((precision) => {
    const bytes = itemTable(vectors, precision);
    const shifted = new Uint8Array(bytes.length + 64);
    shifted.set(bytes, 64);
    return [precision, new StoredItemTable(shifted.subarray(64), TINY, precision)];
  }),
);

const someItems = [7, 0, TINY.items - 1, 7];

test('float32 rows are the vectors themselves, in the order of the items', () => {
  expect(tables.float32.rows(someItems)).toEqual(
    Float32Array.from(someItems.flatMap((item) => [...vectorOf(item)])),
  );
  expect(tables.float32.rows([])).toHaveLength(0);
});

test('int8 rows have the bits that onnxruntime gives to values times scale', async () => {
  const { data, scale } = quantizeRows(vectors);
  const graph = new Graph('rows', new Weights());
  const values = graph.input('values', 'int8', [TINY.items, TINY.width]);
  const scales = graph.input('scales', 'float32', [TINY.items, 1]);
  const rows = graph.node('Mul', [graph.node('Cast', [values], { to: 1 }), scales]);
  graph.output(rows, 'rows', 'float32', [TINY.items, TINY.width]);
  const session = await testRuntime.createSession(graph.encode(), {});
  const outputs = await testRuntime.run(session, {
    values: new Tensor('int8', data, [TINY.items, TINY.width]),
    scales: new Tensor('float32', scale, [TINY.items, 1]),
  });
  expect(tables.int8.rows([...everything.keys()])).toEqual(outputs.rows.data);
});

/** Cosines of all items to this one, in float. */
function cosines(item: number): number[] {
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, c) => sum + value * b[c], 0);
  const lengthOf = (of: number) => Math.sqrt(dot(vectorOf(of), vectorOf(of)));
  return Array.from({ length: TINY.items }, (_, other) => {
    return dot(vectorOf(item), vectorOf(other)) / (lengthOf(item) * lengthOf(other));
  });
}

describe.each([
  { precision: 'int8', tolerance: 0.01 },
  { precision: 'float32', tolerance: 1e-6 },
])('similar items in $precision', ({ precision, tolerance }) => {
  const table = tables[precision];

  test('the scores are the cosines of the vectors, best first, without the item itself', () => {
    for (const item of [0, 17, TINY.items - 1]) {
      const expected = cosines(item);
      const list = table.nearest(item, everything, TINY.items);
      expect(list.map((ranked) => ranked.item).toSorted((a, b) => a - b)).toEqual(
        expected.flatMap((_, other) => (other === item ? [] : [other])),
      );
      for (const [place, { item: other, score }] of list.entries()) {
        expect(Math.abs(score - expected[other])).toBeLessThan(tolerance);
        if (place > 0) expect(score).toBeLessThanOrEqual(list[place - 1].score);
      }
    }
  });

  test('only allowed items are listed, the best of them', () => {
    const all = table.nearest(5, everything, TINY.items);
    const allowed = Uint8Array.from({ length: TINY.items }, (_, item) => (item % 7 === 1 ? 1 : 0));
    const some = table.nearest(5, allowed, 3);
    expect(some).toEqual(all.filter(({ item }) => allowed[item] === 1).slice(0, 3));
    expect(some).toHaveLength(3);
  });
});

test('a vector of zeros is like nothing', () => {
  const zeros = { rows: 2, columns: 4, data: new Float32Array(8) };
  const table = new StoredItemTable(
    new Uint8Array(itemTable(zeros, 'int8')),
    { ...TINY, items: 2, width: 4 },
    'int8',
  );
  expect(table.nearest(0, Uint8Array.of(1, 1), 2)).toEqual([{ item: 1, score: 0 }]);
  expect([...table.rows([0])]).toEqual([0, 0, 0, 0]);
});
