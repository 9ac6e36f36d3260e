/** The SASRec that the bench compares with, against plain float64 loops. */
import { expect, test } from 'vitest';
import { dynamicProduct, floatProduct, type Product } from '../../scripts/bench/peers/products.ts';
import { EPSILON, randomSasRec, sasRecGraph } from '../../scripts/bench/peers/sasrec-graph.ts';
import { Weights } from '../../scripts/build/graph.ts';
import { WEIGHTS_FILE } from '../../worker/engine/config.ts';
import { Tensor } from '../../worker/engine/runtime.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { TINY, testRuntime } from '../fixtures/tiny-model.ts';

const weights = randomSasRec(TINY);
const random = seededRandom(5);
const histories = [1, 2, 17, TINY.contextWindow].map((length) => randomInts(random, length, TINY.items));

async function scorer(product: Product) {
  const store = new Weights();
  const session = await testRuntime.createSession(sasRecGraph(TINY, weights, product, store), {
    [WEIGHTS_FILE]: store.bytes(),
  });
  return async (items: number[]) => {
    const ids = new Tensor('int64', BigInt64Array.from(items, BigInt), [1, items.length]);
    return [...((await testRuntime.run(session, { item_ids: ids })).scores.data as Float32Array)];
  };
}

const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const add = (a: number[], b: number[]) => a.map((value, i) => value + b[i]);
const rowsOf = (name: string) => {
  const { rows, columns, data } = weights(name);
  return Array.from({ length: rows }, (_, row) => [...data.subarray(row * columns, (row + 1) * columns)]);
};

/** x W' + b, as PyTorch has its linear layers. */
function linear(x: number[], name: string): number[] {
  const [bias] = rowsOf(`${name}bias`);
  return rowsOf(`${name}weight`).map((row, i) => dot(row, x) + bias[i]);
}

function norm(x: number[], name: string): number[] {
  const [[gain], [bias]] = [rowsOf(`${name}.weight`), rowsOf(`${name}.bias`)];
  const mean = x.reduce((a, b) => a + b) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map((value, i) => ((value - mean) / Math.sqrt(variance + EPSILON)) * gain[i] + bias[i]);
}

/** x times the normal distribution's share below x, by the series of the error function. */
function gelu(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 200; n++) {
    term *= (x * x) / (2 * n + 1);
    sum += term;
  }
  return x * (0.5 + (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * sum);
}

/** Every item's score after `items`. */
function reference(items: number[]): number[] {
  const { width, heads } = TINY;
  const size = width / heads;
  const [vectors, positions] = [rowsOf('item.weight'), rowsOf('position.weight')];
  let x = items.map((item, position) => add(vectors[item], positions[position]));
  for (const name of ['encoder.layers.0', 'encoder.layers.1']) {
    const qkv = x.map((row) => linear(norm(row, `${name}.norm1`), `${name}.self_attn.in_proj_`));
    const part = (row: number, which: number, head: number) =>
      qkv[row].slice(which * width + head * size, which * width + (head + 1) * size);
    x = x.map((row, i) => {
      const attended = Array.from({ length: heads }, (_, head) => {
        const visible = items.slice(0, i + 1).map((_, j) => j);
        const share = visible.map((j) => Math.exp(dot(part(i, 0, head), part(j, 1, head)) / Math.sqrt(size)));
        const total = share.reduce((a, b) => a + b);
        return visible
          .map((j) => part(j, 2, head).map((value) => (value * share[j]) / total))
          .reduce((a, b) => add(a, b));
      });
      return add(row, linear(attended.flat(), `${name}.self_attn.out_proj.`));
    });
    x = x.map((row) => {
      const inner = linear(norm(row, `${name}.norm2`), `${name}.linear1.`).map(gelu);
      return add(row, linear(inner, `${name}.linear2.`));
    });
  }
  const state = norm(x.at(-1)!, 'encoder.norm');
  return vectors.map((vector) => dot(vector, state));
}

test.each([
  { arithmetic: 'float32', product: floatProduct, tolerance: 1e-4 },
  { arithmetic: 'quantized', product: dynamicProduct, tolerance: 0.15 },
])('$arithmetic scores are those of the definition', async ({ product, tolerance }) => {
  const score = await scorer(product);
  for (const history of histories) {
    const [scores, expected] = [await score(history), reference(history)];
    expect(scores).toHaveLength(TINY.items);
    const errors = scores.map((value, item) => Math.abs(value - expected[item]));
    expect(Math.max(...errors)).toBeLessThan(tolerance);
  }
});
