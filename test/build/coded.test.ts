import { describe, expect, test } from 'vitest';
import type { Matrix } from '../../scripts/build/checkpoint.ts';
import { Metric, metricOf } from '../../scripts/build/coded/metric.ts';
import { coded, decoded } from '../../scripts/build/coded/residual.ts';
import { itemVectors } from '../../scripts/build/weights.ts';
import { randomNormal, seededRandom } from '../../scripts/random.ts';
import { dot } from '../../worker/engine/vectors.ts';
import { TINY, testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

const random = seededRandom(4);

test('with a code for every vector nothing is lost', async () => {
  const checkpoint = tinyCheckpoint({ items: 200, codebook: 8 });
  const vectors = itemVectors(checkpoint);
  const codes = await coded(vectors, 3, testRuntime);
  const rows = decoded(codes, [...codes.order.keys()]);
  for (const [place, item] of codes.order.entries()) {
    for (let c = 0; c < TINY.width; c++) {
      expect(rows.data[place * TINY.width + c]).toBeCloseTo(vectors.data[item * TINY.width + c], 4);
    }
  }
});

test('more stages lose less', async () => {
  const many = tinyCheckpoint({ items: 2000, codebook: 16 });
  const vectors = itemVectors(many);
  const losses: number[] = [];
  for (const stages of [1, 2, 4]) {
    const codes = await coded(vectors, stages, testRuntime);
    const rows = decoded(codes, [...codes.order.keys()]);
    let loss = 0;
    for (const [place, item] of codes.order.entries()) {
      for (let c = 0; c < TINY.width; c++) {
        loss += (rows.data[place * TINY.width + c] - vectors.data[item * TINY.width + c]) ** 2;
      }
    }
    losses.push(loss);
  }
  expect(losses[1]).toBeLessThan(0.9 * losses[0]);
  expect(losses[2]).toBeLessThan(0.9 * losses[1]);
});

describe('the metric of states', () => {
  const { width } = TINY;
  /** States that point in few directions. */
  const state = () => Float32Array.from({ length: width }, (_, c) => randomNormal(random, c < 4 ? 1 : 0.05));
  const states = Array.from({ length: 500 }, state);
  const vectors: Matrix = {
    rows: 1500,
    columns: width,
    data: Float32Array.from({ length: 1500 * width }, () => randomNormal(random, 1)),
  };

  test('codes by it keep products with states, which codes by distance do not', async () => {
    const errors: number[] = [];
    for (const metric of [new Metric(states), undefined]) {
      const codes = await coded(vectors, 2, testRuntime, metric);
      const { data } = decoded(codes, [...codes.order.keys()]);
      const row = (of: Float32Array, at: number) => of.subarray(at * width, (at + 1) * width);
      const query = state();
      let error = 0;
      for (const [place, item] of codes.order.entries()) {
        error += (dot(query, row(data, place)) - dot(query, row(vectors.data, item))) ** 2;
      }
      errors.push(error);
    }
    expect(errors[0]).toBeLessThan(0.5 * errors[1]);
  });

  test('that of a checkpoint can be undone', async () => {
    const checkpoint = tinyCheckpoint();
    const metric = await metricOf(checkpoint, itemVectors(checkpoint), testRuntime);
    const { data } = metric.apply(vectors);
    expect(data.subarray(0, 8)).not.toEqual(vectors.data.subarray(0, 8));
    metric.undo(data);
    for (const [at, value] of vectors.data.subarray(0, 500).entries()) expect(data[at]).toBeCloseTo(value, 3);
  });
});
