/**
 * What a built folder promises: the same files for the same checkpoint, pieces that fit, numbers close to the
 * checkpoint's.
 */
import { expect, test } from 'vitest';
import { buildModel } from '../../scripts/build/build-model.ts';
import { activationScale, quantizeColumns, quantizeRows } from '../../scripts/build/quantize.ts';
import { memorySource } from '../../scripts/node-model.ts';
import { loadModel } from '../../worker/models/model.ts';
import { randomNormal, seededRandom } from '../fixtures/random.ts';
import { TINY, testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

const random = seededRandom(5);
const matrix = (length: number) => Float32Array.from({ length }, () => randomNormal(random, 1));

test('the same checkpoint gives the same files', () => {
  expect(buildModel(tinyCheckpoint(), 'tiny', 'int8')).toEqual(buildModel(tinyCheckpoint(), 'tiny', 'int8'));
});

test('weights and item table in many pieces are those in one', async () => {
  const options = { k: 10, beam: 20, allowed: new Uint8Array(TINY.items).fill(1) };
  const lists = [];
  for (const pieceBytes of [1024, 1 << 30]) {
    const { manifest, files } = buildModel(tinyCheckpoint(), 'tiny', 'int8', { pieceBytes });
    expect(manifest.shards.length > 10).toBe(pieceBytes === 1024);
    expect(manifest.itemTable!.length > 1).toBe(pieceBytes === 1024);
    for (const { bytes } of [...manifest.shards, ...manifest.itemTable!])
      expect(bytes).toBeLessThanOrEqual(pieceBytes);
    const model = await loadModel(memorySource(files), testRuntime);
    lists.push(await model.beamSearch(await model.prefill([1, 2, 3]), options));
  }
  expect(lists[0]).toEqual(lists[1]);
});

test('int8 weights are within half a step of the float ones, column by column and row by row', () => {
  const [rows, columns] = [40, 7];
  const data = matrix(rows * columns);
  const byColumn = quantizeColumns({ name: '', inputs: rows, outputs: columns, data });
  const byRow = quantizeRows({ rows, columns, data });
  for (const [i, value] of data.entries()) {
    const [column, row] = [byColumn.scale[i % columns], byRow.scale[Math.floor(i / columns)]];
    expect(Math.abs(byColumn.data[i] * column - value)).toBeLessThanOrEqual(column * 0.501);
    expect(Math.abs(byRow.data[i] * row - value)).toBeLessThanOrEqual(row * 0.501);
  }
  expect(Math.max(...byColumn.data.map(Math.abs))).toBe(127);
});

test('a column of zeros stays zero', () => {
  const { data, scale } = quantizeColumns({ name: '', inputs: 2, outputs: 1, data: new Float32Array(2) });
  expect([...data, ...scale]).toEqual([0, 0, 1]);
});

test.each([
  [-4, 4],
  [0, 9],
  [-0.5, 12],
])('activations from %d to %d fill 0..255, and zero is exact', (low, high) => {
  const { scale, zeroPoint } = activationScale([low, high]);
  expect(Math.round(low / scale) + zeroPoint).toBeGreaterThanOrEqual(-1);
  expect(Math.round(high / scale) + zeroPoint).toBeLessThanOrEqual(256);
  expect(Number.isInteger(zeroPoint)).toBe(true);
  expect((high - low) / scale).toBeCloseTo(255, 3);
});
