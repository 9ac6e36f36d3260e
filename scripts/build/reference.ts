/**
 * The decoder over one whole sequence in plain float64 loops, slow and obvious. EARN's pruning is written as
 * what a token sees. The build takes the prefix register's keys and values from here, and tests compare the
 * graphs with it.
 */
import { firstCodeLayer, slidingLayers } from '../../worker/engine/config.ts';
import { type EarnWeights, type Linear, NORM_EPSILON, ROPE_BASE } from './weights.ts';

export interface Token {
  embedding: ArrayLike<number>;
  kind: 'register' | 'item' | 'code';
}

export interface ReferenceOutput {
  /** Normalised final states, [tokens][width]. Only those of S and of the codes are used. */
  states: Float64Array[];
  /**
   * Rotated keys then values, rescaled as in `weights.ts`, [layers][tokens][2 * headDim]. Null where codes
   * don't run.
   */
  keyValues: (Float64Array | null)[][];
}

/** `tokens` in the order of their positions: P, history, S, codes. */
export function runReference(weights: EarnWeights, tokens: Token[]): ReferenceOutput {
  const { heads, headDim, ffn, registerDepth, localWindow, slidingWindow = 0 } = weights.config;
  let x: Float64Array[] = tokens.map((token) => Float64Array.from(token.embedding));
  const keyValues: (Float64Array | null)[][] = [];
  /** Items before a token. */
  const before = tokens.map((_, at) => tokens.slice(0, at).filter(({ kind }) => kind === 'item').length);
  for (const [index, layer] of weights.layers.entries()) {
    const runs = ({ kind }: Token) => kind !== 'code' || index >= firstCodeLayer(weights.config);
    const seesAll = index >= slidingLayers(weights.config) && index < registerDepth;
    const window = index < registerDepth ? slidingWindow : localWindow;
    const sees = (query: number, key: number) =>
      key === query || seesAll || tokens[key].kind !== 'item' || before[key] >= before[query] - window;
    const normed = x.map((row) => rmsNorm(row, layer.attentionNorm));
    const kv = normed.map((row, position) => {
      if (!runs(tokens[position])) return null;
      const both = multiply(row, layer.kv);
      rotate(both.subarray(0, headDim), position);
      return both;
    });
    keyValues.push(kv);
    x = x.map((row, position) => {
      if (kv[position] === null) return row;
      const q = multiply(normed[position], layer.q);
      const attended = new Float64Array(heads * headDim);
      const visible = kv.slice(0, position + 1).filter((_, key) => sees(position, key)) as Float64Array[];
      for (let head = 0; head < heads; head++) {
        const query = q.subarray(head * headDim, (head + 1) * headDim);
        rotate(query, position);
        const weight = softmax(visible.map((entry) => dot(query, entry)));
        for (const [i, entry] of visible.entries()) {
          for (let c = 0; c < headDim; c++) attended[head * headDim + c] += weight[i] * entry[headDim + c];
        }
      }
      const middle = add(row, multiply(attended, layer.out));
      const gateUp = multiply(rmsNorm(middle, layer.ffnNorm), layer.gateUp);
      const gated = gateUp.subarray(0, ffn).map((g, i) => (g / (1 + Math.exp(-g))) * gateUp[ffn + i]);
      return add(middle, multiply(gated, layer.down));
    });
  }
  return { states: x.map((row) => rmsNorm(row, weights.norm)), keyValues };
}

/** P's keys and values in every layer: constants of the model. */
export function prefixOf(weights: EarnWeights): Float32Array[] {
  const prefix = runReference(weights, referenceTokens(weights, [], []).slice(0, 1));
  return prefix.keyValues.map(([row]) => Float32Array.from(row!));
}

/** Logits of `level` from a final state, [codebook]. */
export function referenceLogits(weights: EarnWeights, state: Float64Array, level: number): Float64Array {
  return multiply(state, weights.heads[level]);
}

/** Log-probability of every item from S's final state, [items]. */
export function referenceItemLogProbs({ itemVectors }: EarnWeights, state: Float64Array): Float64Array {
  const logits = Float64Array.from({ length: itemVectors.rows }, (_, item) =>
    dot(state, Float64Array.from(itemVectors.data.subarray(item * state.length, (item + 1) * state.length))),
  );
  const largest = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  return logits.map((logit) => logit - largest - Math.log(sum));
}

/** The rows of `[P] items [S] codes` that `runReference` takes; `codes` are of levels 0, 1, … */
export function referenceTokens(weights: EarnWeights, items: number[], codes: number[]): Token[] {
  const { width, codebook } = weights.config;
  const row = (data: Float32Array, index: number) => data.subarray(index * width, (index + 1) * width);
  return [
    { embedding: row(weights.registers.data, 0), kind: 'register' },
    ...items.map((item): Token => ({ embedding: row(weights.itemVectors.data, item), kind: 'item' })),
    { embedding: row(weights.registers.data, 1), kind: 'register' },
    ...codes.map((code, level): Token => {
      return { embedding: row(weights.codes.data, level * codebook + code), kind: 'code' };
    }),
  ];
}

function rmsNorm(x: Float64Array, gain: Float32Array): Float64Array {
  const scale = 1 / Math.sqrt(dot(x, x) / x.length + NORM_EPSILON);
  return x.map((value, i) => value * scale * gain[i]);
}

function multiply(x: Float64Array, { outputs, data }: Linear): Float64Array {
  const result = new Float64Array(outputs);
  for (let r = 0; r < x.length; r++) {
    for (let c = 0; c < outputs; c++) result[c] += x[r] * data[r * outputs + c];
  }
  return result;
}

function rotate(x: Float64Array, position: number): void {
  const half = x.length / 2;
  for (let i = 0; i < half; i++) {
    const angle = position * ROPE_BASE ** (-i / half);
    const [a, b, cos, sin] = [x[i], x[half + i], Math.cos(angle), Math.sin(angle)];
    x[i] = a * cos - b * sin;
    x[half + i] = b * cos + a * sin;
  }
}

function softmax(x: number[]): number[] {
  const largest = Math.max(...x);
  const exponentials = x.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / sum);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function add(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value + b[i]);
}
