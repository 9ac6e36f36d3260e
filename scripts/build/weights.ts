/**
 * The checkpoint's weights, rearranged for serving without changing what the decoder computes.
 *
 * Keys and values are rescaled so that their calibrated range is -127..127: stored as int8 they need no
 * scale. A value's channel is divided in its projection and multiplied back in the rows of the output
 * projection. A rotated pair of a key's channels is divided, and the same pair of every query head
 * multiplied, which commutes with the rotation. The queries also take in attention's 1 / sqrt(D).
 */
import type { ModelConfig } from '../../worker/engine/config.ts';
import type { Checkpoint, Matrix } from './checkpoint.ts';

/** As `scripts/train/earn_train/model.py` has them. */
export const ROPE_BASE = 10_000;
export const NORM_EPSILON = 1e-6;

/**
 * cos or sin (`f`) of the rotary angles at every position there is: P, a context window of items, S, the
 * codes.
 */
export function rotationTable(
  { contextWindow, levels, headDim }: ModelConfig,
  f: (angle: number) => number,
): Matrix {
  const [rows, half] = [contextWindow + levels + 2, headDim / 2];
  const data = Float32Array.from({ length: rows * half }, (_, i) =>
    f(Math.floor(i / half) * ROPE_BASE ** (-(i % half) / half)),
  );
  return { rows, columns: half, data };
}

/** A linear layer as ONNX multiplies it: `data` is [inputs x outputs], row-major. */
export interface Linear {
  /** Name of the activation that it reads, a key of `activations`. */
  name: string;
  inputs: number;
  outputs: number;
  data: Float32Array;
}

export interface LayerWeights {
  attentionNorm: Float32Array;
  /** Queries, keys and values side by side, [width x (heads + 2) * headDim]. */
  qkv: Linear;
  /** Its queries, [width x heads * headDim]. */
  q: Linear;
  /** Its keys then values, [width x 2 * headDim]. */
  kv: Linear;
  out: Linear;
  ffnNorm: Float32Array;
  /** Gate then up, [width x 2 * ffn]. */
  gateUp: Linear;
  down: Linear;
}

export interface EarnWeights {
  config: ModelConfig;
  /** One vector per item, its own embedding plus those of its codes, [items x width]. */
  itemVectors: Matrix;
  /** [levels * codebook x width]. */
  codes: Matrix;
  /** P and S, [2 x width]. */
  registers: Matrix;
  layers: LayerWeights[];
  norm: Float32Array;
  /** One per level, [width x codebook]. */
  heads: Linear[];
  /** Range of what each linear layer reads, [low, high], by its name. */
  activations: Record<string, number[]>;
}

export function servingWeights(checkpoint: Checkpoint): EarnWeights {
  const { config, matrix } = checkpoint;
  const linear = (name: string) => transpose(matrix(`${name}.weight`), name);
  const activations = { ...checkpoint.activations };
  return {
    config,
    activations,
    itemVectors: itemVectors(checkpoint),
    codes: matrix('code.weight'),
    registers: matrix('registers'),
    layers: Array.from({ length: config.depth }, (_, l) => {
      const name = `layers.${l}`;
      const { qkv, q, kv, out, attended } = rescale(
        checkpoint,
        name,
        linear(`${name}.qkv`),
        linear(`${name}.out`),
      );
      activations[`${name}.out`] = [-attended, attended];
      return {
        attentionNorm: matrix(`${name}.attention_norm.weight`).data,
        qkv,
        q,
        kv,
        out,
        ffnNorm: matrix(`${name}.ffn_norm.weight`).data,
        gateUp: linear(`${name}.gate_up`),
        down: linear(`${name}.down`),
      };
    }),
    norm: matrix('norm.weight').data,
    heads: Array.from({ length: config.levels }, (_, level) => linear(`heads.${level}`)),
  };
}

/** [outputs x inputs] as PyTorch has it -> [inputs x outputs]. */
export function transpose({ rows, columns, data }: Matrix, name: string): Linear {
  const result = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) result[c * rows + r] = data[r * columns + c];
  }
  return { name, inputs: columns, outputs: rows, data: result };
}

/** Every item's own embedding plus those of its codes, [items x width]. */
export function itemVectors({ config, semanticIds, matrix }: Checkpoint): Matrix {
  const { items, levels, codebook, width } = config;
  const data = matrix('item.weight').data.slice();
  const codes = matrix('code.weight').data;
  for (let item = 0; item < items; item++) {
    for (let level = 0; level < levels; level++) {
      const row = level * codebook + semanticIds[item * levels + level];
      for (let c = 0; c < width; c++) data[item * width + c] += codes[row * width + c];
    }
  }
  return { rows: items, columns: width, data };
}

/**
 * Splits the fused projection and moves the calibrated ranges of keys and values into the weights. `attended`
 * is the largest magnitude of the rescaled values' weighted sums, which the output projection reads.
 */
function rescale({ config, activations }: Checkpoint, name: string, qkv: Linear, out: Linear) {
  const { heads, headDim } = config;
  const half = headDim / 2;
  const queries = heads * headDim;
  const keyStep = Array.from({ length: headDim }, (_, c) => step(activations[`${name}.key`][c % half]));
  const valueStep = activations[`${name}.value`].map(step);
  const factor = (c: number) => {
    if (c < queries) return keyStep[c % headDim] / Math.sqrt(headDim);
    return 1 / (c < queries + headDim ? keyStep[c - queries] : valueStep[c - queries - headDim]);
  };
  const columns = (from: number, count: number): Linear => {
    const columns = new Float32Array(qkv.inputs * count);
    for (let r = 0; r < qkv.inputs; r++) {
      for (let c = 0; c < count; c++) {
        columns[r * count + c] = qkv.data[r * qkv.outputs + from + c] * factor(from + c);
      }
    }
    return { name: qkv.name, inputs: qkv.inputs, outputs: count, data: columns };
  };
  const data = out.data.map((w, i) => w * valueStep[Math.floor(i / out.outputs) % headDim]);
  const attended = Math.max(
    ...activations[`${name}.attended`].map((largest, c) => largest / valueStep[c % headDim]),
  );
  return {
    qkv: columns(0, qkv.outputs),
    q: columns(0, queries),
    kv: columns(queries, 2 * headDim),
    out: { ...out, data },
    attended,
  };
}

/** The size of one int8 step. A channel that is always zero has a step of one. */
function step(largest: number): number {
  return largest > 0 ? largest / 127 : 1;
}
