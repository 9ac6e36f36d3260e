/** The parts that EARN's graphs are made of. */
import type { Matrix } from './checkpoint.ts';
import { Graph, type Weights } from './graph.ts';
import { activationScale, quantizeColumns, quantizeRows } from './quantize.ts';
import type { EarnWeights, LayerWeights, Linear } from './weights.ts';

const ROPE_BASE = 10_000;
const NORM_EPSILON = 1e-6;

export type Precision = 'int8' | 'float32';

export interface GraphOptions {
  weights: EarnWeights;
  /** [layers][2 * headDim], from the reference. */
  prefixKeyValues: Float32Array[];
  precision: Precision;
  /** Where both graphs put their constants. */
  store: Weights;
}

/** Tokens on their way through the layers: `hidden` still lacks `delta`, which the next norm adds. */
export interface Stream {
  hidden: string;
  delta: string | null;
}

/** What the two graphs share: the parts of a layer, in int8 or float32. */
export class EarnGraph {
  readonly graph: Graph;
  readonly config: EarnWeights['config'];
  readonly kvType: 'int8' | 'float32';
  private readonly options: GraphOptions;
  private readonly int8: boolean;
  private readonly cos: string;
  private readonly sin: string;
  private readonly queryShape: string;
  private readonly flatShape: string;
  private readonly batchShape: string;
  private readonly unbatchShape: string;

  constructor(name: string, options: GraphOptions) {
    const { config } = options.weights;
    this.graph = new Graph(name, options.store);
    this.config = config;
    this.options = options;
    this.int8 = options.precision === 'int8';
    this.kvType = this.int8 ? 'int8' : 'float32';
    [this.cos, this.sin] = this.rotationTables();
    this.queryShape = this.graph.ints('query_shape', [-1, config.heads, config.headDim]);
    this.flatShape = this.graph.ints('flat_shape', [-1, config.heads * config.headDim]);
    this.batchShape = this.graph.ints('batch_axis', [0]);
    this.unbatchShape = this.graph.ints('batch_axis', [0]);
  }

  registerRow(index: number) {
    const { width } = this.config;
    const data = this.options.weights.registers.data.slice(index * width, (index + 1) * width);
    return { type: 'float32' as const, dims: [1, width], data };
  }

  /** [items] -> [items, width]; the table is int8 with a scale a row. */
  embedHistory(items: string): string {
    const { graph } = this;
    const table = this.options.weights.history;
    const dims = [table.rows, table.columns];
    if (!this.int8) {
      const whole = graph.constant('history_embedding', { type: 'float32', dims, data: table.data });
      return graph.node('Gather', [whole, items], { axis: 0 });
    }
    const { data, scale } = quantizeRows(table);
    const rows = graph.constant('history_embedding', { type: 'int8', dims, data });
    const scales = graph.constant('history_scale', { type: 'float32', dims: [table.rows, 1], data: scale });
    const row = graph.node('Cast', [graph.node('Gather', [rows, items], { axis: 0 })], { to: 1 });
    return graph.node('Mul', [row, graph.node('Gather', [scales, items], { axis: 0 })]);
  }

  codeTable(): string {
    const { rows, columns, data }: Matrix = this.options.weights.codes;
    return this.graph.constant('code_embedding', { type: 'float32', dims: [rows, columns], data });
  }

  /** [rows, layers * 2D] -> one [rows, 2D] a layer. */
  splitLayers(value: string, layers: number): string[] {
    return this.graph.nodeWithOutputs('Split', [value], layers, { axis: 1, num_outputs: layers });
  }

  /** P's constant key and value of a layer, [1, 2D]. */
  prefixRow(layer: number): string {
    const values = this.options.prefixKeyValues[layer];
    const dims = [1, values.length];
    if (!this.int8) return this.graph.constant('prefix_kv', { type: 'float32', dims, data: values });
    const data = Int8Array.from(values, (v) => Math.max(-128, Math.min(127, Math.round(v))));
    return this.graph.constant('prefix_kv', { type: 'int8', dims, data });
  }

  /** RMS norm of the stream with its pending delta added -> the normed rows and the sum (the residual). */
  norm({ hidden, delta }: Stream, gain: Float32Array): { normed: string; residual: string } {
    const scale = this.graph.constant('gain', { type: 'float32', dims: [gain.length], data: gain });
    const epsilon = { float: NORM_EPSILON };
    if (delta === null) {
      const normed = this.graph.node('SimplifiedLayerNormalization', [hidden, scale], { axis: -1, epsilon });
      return { normed, residual: hidden };
    }
    const op = 'com.microsoft.SkipSimplifiedLayerNormalization';
    const [normed, , , residual] = this.graph.nodeWithOutputs(op, [hidden, delta, scale], 4, { epsilon });
    return { normed, residual };
  }

  /** What the linear layers of that name read: uint8 with the calibrated static scale (float32: unchanged). */
  quantize(value: string, activation: string): string {
    if (!this.int8) return value;
    const [scale, zero] = this.activation(activation);
    return this.graph.node('QuantizeLinear', [value, scale, zero]);
  }

  /** `value` as `quantize` made it -> float32 [rows, outputs]. */
  multiply(value: string, linear: Linear): string {
    const { name, inputs, outputs } = linear;
    const dims = [inputs, outputs];
    if (!this.int8) {
      return this.graph.node('MatMul', [
        value,
        this.graph.constant(name, { type: 'float32', dims, data: linear.data }),
      ]);
    }
    const { data, scale } = quantizeColumns(linear);
    const weight = this.graph.constant(name, { type: 'int8', dims, data });
    const weightScale = this.graph.constant(`${name}.scale`, {
      type: 'float32',
      dims: [outputs],
      data: scale,
    });
    const [activationScale, zero] = this.activation(name);
    return this.graph.node('com.microsoft.MatMulIntegerToFloat', [
      value,
      weight,
      activationScale,
      weightScale,
      zero,
    ]);
  }

  /** The rows `[key | value]` of these tokens as attention reads them and as they are stored. */
  keyValues(read: string, layer: LayerWeights, positions: string): string {
    const { graph } = this;
    const [key, value] = graph.nodeWithOutputs('Split', [this.multiply(read, layer.kv)], 2, {
      axis: 1,
      num_outputs: 2,
    });
    const both = graph.node('Concat', [this.rotate(key, positions), value], { axis: 1 });
    if (!this.int8) return both;
    return graph.node('QuantizeLinear', [both, this.unit(), this.int8Zero()]);
  }

  /** Rotated queries, [rows, H, D]. */
  queries(read: string, layer: LayerWeights, positions: string): string {
    const rotated = this.rotate(this.multiply(read, layer.q), positions);
    return this.graph.node('Reshape', [rotated, this.queryShape]);
  }

  /** Attention of queries [rows, H, D] over key/value rows put one after another -> [rows, H * D]. */
  attend(queries: string, keyValues: string[], mask: string | null): string {
    const { graph } = this;
    let all = graph.node('Concat', keyValues, { axis: 0 });
    if (this.int8) all = graph.node('Cast', [all], { to: 1 });
    const [keys, values] = graph.nodeWithOutputs('Split', [all], 2, { axis: 1, num_outputs: 2 });
    let scores = graph.node('MatMul', [queries, graph.node('Transpose', [keys], { perm: [1, 0] })]);
    if (mask !== null) scores = graph.node('Add', [scores, mask]);
    const attended = graph.node('MatMul', [graph.node('Softmax', [scores], { axis: -1 }), values]);
    return graph.node('Reshape', [attended, this.flatShape]);
  }

  /** Output projection, residual and SwiGLU; the last sum is left to the next norm. */
  finish(residual: string, attended: string, layer: LayerWeights): Stream {
    const { graph } = this;
    const delta = this.multiply(this.quantize(attended, layer.out.name), layer.out);
    const middle = this.norm({ hidden: residual, delta }, layer.ffnNorm);
    const gateUp = this.multiply(this.quantize(middle.normed, layer.gateUp.name), layer.gateUp);
    const [gate, up] = graph.nodeWithOutputs('Split', [gateUp], 2, { axis: 1, num_outputs: 2 });
    const silu = graph.node('com.microsoft.QuickGelu', [gate], { alpha: { float: 1 } });
    const gated = graph.node('Mul', [silu, up]);
    const down = this.multiply(this.quantize(gated, layer.down.name), layer.down);
    return { hidden: middle.residual, delta: down };
  }

  /** Logits of the codes of `level`; in float32, since they decide the order of the list and cost next to nothing. */
  head(final: string, level: number): string {
    const { inputs, outputs, data } = this.options.weights.heads[level];
    const weight = this.graph.constant('head', { type: 'float32', dims: [inputs, outputs], data });
    return this.graph.node('MatMul', [final, weight]);
  }

  /** The same for the level that an input names. */
  headOfLevel(final: string, level: string): string {
    const { heads, config } = this.options.weights;
    const data = new Float32Array(heads.length * config.width * config.codebook);
    for (const [index, head] of heads.entries()) data.set(head.data, index * head.data.length);
    const dims = [heads.length, config.width, config.codebook];
    const all = this.graph.constant('heads', { type: 'float32', dims, data });
    const chosen = this.graph.node('Gather', [all, level], { axis: 0 });
    return this.graph.node('MatMul', [
      final,
      this.graph.node('Squeeze', [chosen, this.graph.ints('level_axis', [0])]),
    ]);
  }

  /** [rows, 1, keys]: 0 where key i is at or before a row's position, -inf behind it. */
  causalMask(rows: string, past: string, padding: string, positions = rows): string {
    const { graph } = this;
    const scalar = (value: number) => graph.ints('scalar', [value], []);
    const count = (value: string, axis: number) =>
      graph.node('Gather', [graph.node('Shape', [value]), scalar(axis)], { axis: 0 });
    const known = graph.node('Add', [count(past, 0), count(positions, 1)]);
    const keys = graph.node('Add', [graph.node('Add', [known, count(padding, 0)]), scalar(1)]);
    const index = graph.node('Range', [scalar(0), keys, scalar(1)]);
    const at = graph.node('Reshape', [rows, graph.ints('column', [-1, 1, 1])]);
    const visible = graph.node('LessOrEqual', [index, at]);
    const number = (name: string, value: number) =>
      graph.constant(name, { type: 'float32', dims: [], data: Float32Array.of(value) });
    return graph.node('Where', [visible, number('visible', 0), number('hidden', -Infinity)]);
  }

  /** Rotary embedding of rows [rows, n * D] at their positions [1, rows]. */
  private rotate(rows: string, positions: string): string {
    const { graph } = this;
    const batched = graph.node('Unsqueeze', [rows, this.batchShape]);
    const op = 'com.microsoft.RotaryEmbedding';
    const rotated = graph.node(op, [batched, positions, this.cos, this.sin], { interleaved: 0 });
    return graph.node('Squeeze', [rotated, this.unbatchShape]);
  }

  /** cos and sin of every position that a token can have: P, a window of items, S, the codes. */
  private rotationTables(): [string, string] {
    const { window, levels, headDim } = this.config;
    const [rows, half] = [window + levels + 2, headDim / 2];
    const table = (name: string, f: (angle: number) => number) => {
      const data = Float32Array.from({ length: rows * half }, (_, i) =>
        f(Math.floor(i / half) * ROPE_BASE ** (-(i % half) / half)),
      );
      return this.graph.constant(name, { type: 'float32', dims: [rows, half], data });
    };
    return [table('cos', Math.cos), table('sin', Math.sin)];
  }

  private activation(name: string): [string, string] {
    const range = this.options.weights.activations[name];
    if (!range) throw new Error(`the checkpoint has no activation range for ${name}`);
    const { scale, zeroPoint } = activationScale(range);
    return [
      this.graph.constant(`${name}.activation_scale`, {
        type: 'float32',
        dims: [],
        data: Float32Array.of(scale),
      }),
      this.graph.constant(`${name}.activation_zero`, {
        type: 'uint8',
        dims: [],
        data: Uint8Array.of(zeroPoint),
      }),
    ];
  }

  private unit(): string {
    return this.graph.constant('unit', { type: 'float32', dims: [], data: Float32Array.of(1) });
  }

  private int8Zero(): string {
    return this.graph.constant('zero', { type: 'int8', dims: [], data: Int8Array.of(0) });
  }
}
