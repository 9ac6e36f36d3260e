/**
 * What an error of a vector costs. Vectors are there to be multiplied with states q, so of an error e only q
 * e counts: on average (q e)^2 = e M e with M = mean of q q'. With M = L L', that is the length of L' e, so
 * L' x is what is quantised, and code vectors are brought back by the inverse (Guo and others, Quantization
 * based fast inner product search, AISTATS 2016).
 */
import { WEIGHTS_FILE } from '../../../worker/engine/config.ts';
import { Decoder } from '../../../worker/engine/decoder.ts';
import type { Runtime } from '../../../worker/engine/runtime.ts';
import { SILENT } from '../../progress.ts';
import { seededRandom } from '../../random.ts';
import type { Checkpoint, Matrix } from '../checkpoint.ts';
import { choleskyRoot } from '../cholesky.ts';
import { Weights } from '../graph.ts';
import { prefillGraph } from '../prefill-graph.ts';
import { prefixOf } from '../reference.ts';
import { servingWeights } from '../weights.ts';

/** Made-up histories whose states count, and their longest. */
const HISTORIES = 1500;
const LONGEST = 20;
/**
 * Of the mean of M's diagonal, added to it: histories are read from the same vectors, along every direction.
 */
const EVEN_SHARE = 0.3;

export class Metric {
  private readonly width: number;
  /** L by rows, lower triangular. */
  private readonly root: readonly Float64Array[];

  /** `states` are [count x width]. */
  constructor(states: readonly Float32Array[]) {
    const width = states[0].length;
    const moment = Array.from({ length: width }, () => new Float64Array(width));
    for (const state of states) {
      for (let i = 0; i < width; i++) {
        for (let j = 0; j <= i; j++) moment[i][j] += (state[i] * state[j]) / states.length;
      }
    }
    let trace = 0;
    for (let i = 0; i < width; i++) trace += moment[i][i];
    for (let i = 0; i < width; i++) moment[i][i] += (EVEN_SHARE * trace) / width;
    this.width = width;
    this.root = choleskyRoot(moment);
  }

  /** L' x of each row. */
  apply({ rows, columns: width, data }: Matrix): Matrix {
    const result = new Float32Array(data.length);
    for (let start = 0; start < data.length; start += width) {
      for (let k = 0; k < width; k++) {
        const [value, row] = [data[start + k], this.root[k]];
        for (let i = 0; i <= k; i++) result[start + i] += row[i] * value;
      }
    }
    return { rows, columns: width, data: result };
  }

  /** x of L' x, for each row, in its place. */
  undo(rows: Float32Array): void {
    const { width, root } = this;
    for (let start = 0; start < rows.length; start += width) {
      for (let i = width - 1; i >= 0; i--) {
        let value = rows[start + i];
        for (let k = i + 1; k < width; k++) value -= root[k][i] * rows[start + k];
        rows[start + i] = value / root[i][i];
      }
    }
  }
}

/** The metric of a checkpoint's states, after made-up histories: items as often as they were taken. */
export async function metricOf(
  checkpoint: Checkpoint,
  vectors: Matrix,
  runtime: Runtime,
  stage = SILENT,
): Promise<Metric> {
  const { config, items } = checkpoint;
  const weights = servingWeights(checkpoint);
  const store = new Weights();
  const graph = prefillGraph({
    weights,
    prefixKeyValues: prefixOf(weights),
    arithmetic: 'float32',
    store,
  });
  const prefill = await runtime.createSession(graph, { [WEIGHTS_FILE]: store.bytes() });
  const decoder = new Decoder(runtime, config, 'float32', { prefill });
  const random = seededRandom(1);
  const draw = drawer(
    items.map(({ count }) => count + 1),
    random,
  );
  const longest = Math.min(LONGEST, config.contextWindow);
  const states: Float32Array[] = [];
  const step = stage(HISTORIES);
  for (let history = 0; history < HISTORIES; history++) {
    const length = 1 + Math.floor(random() * longest);
    const rows = new Float32Array(length * config.width);
    for (let at = 0; at < length; at++) {
      const item = draw();
      rows.set(vectors.data.subarray(item * config.width, (item + 1) * config.width), at * config.width);
    }
    states.push((await decoder.prefill(rows)).final);
    step();
  }
  await decoder.release();
  return new Metric(states);
}

/** Draws indices as often as their weights say. */
function drawer(weights: readonly number[], random: () => number): () => number {
  const sums = new Float64Array(weights.length);
  let total = 0;
  for (const [at, weight] of weights.entries()) {
    total += weight;
    sums[at] = total;
  }
  return () => {
    const wanted = random() * total;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] <= wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
