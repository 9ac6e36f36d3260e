/** The parts that EARN's graphs are made of. */
import type { Matrix } from './checkpoint.ts';
import { Graph, type Weights } from './graph.ts';
import { activationScale, quantizeColumns, quantizeRows } from './quantize.ts';
import {
  type EarnWeights,
  type LayerWeights,
  type Linear,
  NORM_EPSILON,
  ROPE_BASE,
  transpose,
} from './weights.ts';

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
  /** Shapes and tables by name, each made when a node first needs it. */
  private readonly made = new Map<string, string>();

  constructor(name: string, options: GraphOptions) {
    const { config } = options.weights;
    this.graph = new Graph(name, options.store);
    this.config = config;
    this.options = options;
    this.int8 = options.precision === 'int8';
    this.kvType = this.int8 ? 'int8' : 'float32';
  }

  private once(name: string, make: () => string): string {
    const known = this.made.get(name) ?? make();
    this.made.set(name, known);
    return known;
  }

  private get queryShape(): string {
    return this.once('query_shape', () => this.graph.ints('query_shape', [1, -1, this.config.headDim]));
  }

  private get rowShape(): string {
    const { heads, headDim } = this.config;
    return this.once('row_shape', () => this.graph.ints('row_shape', [1, -1, heads * headDim]));
  }

  registerRow(index: number) {
    const { width } = this.config;
    const data = this.options.weights.registers.data.slice(index * width, (index + 1) * width);
    return { type: 'float32' as const, dims: [1, 1, width], data };
  }

  /** [1, items] -> [1, items, width]; the table is int8 with a scale a row. */
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

  /** P's constant key and value of a layer, [1, 1, 2D]. */
  prefixRow(layer: number): string {
    const values = this.options.prefixKeyValues[layer];
    const dims = [1, 1, values.length];
    if (!this.int8) return this.graph.constant('prefix_kv', { type: 'float32', dims, data: values });
    const data = Int8Array.from(values, (v) => Math.max(-128, Math.min(127, Math.round(v))));
    return this.graph.constant('prefix_kv', { type: 'int8', dims, data });
  }

  /** P's constant keys and values of all layers, [1, 1, N * 2D]. */
  prefixRows(): string {
    const rows = this.options.prefixKeyValues;
    const data = Float32Array.from(rows.flatMap((row) => [...row]));
    return this.graph.constant('prefix_kv', { type: 'float32', dims: [1, 1, data.length], data });
  }

  /** Keys and values as arithmetic takes them. */
  toFloat(value: string): string {
    return this.int8 ? this.graph.node('Cast', [value], { to: 1 }) : value;
  }

  /** [1, rows, layers * 2D] -> for each layer its keys and its values, [1, rows, D]. */
  splitHalves(value: string, layers: number): string[][] {
    const halves = this.graph.nodeWithOutputs('Split', [value], 2 * layers, {
      axis: 2,
      num_outputs: 2 * layers,
    });
    return Array.from({ length: layers }, (_, layer) => halves.slice(2 * layer, 2 * layer + 2));
  }

  /** Queries [1, rows * H, D], and keys and values [1, rows, D] of rows [1, rows, width]; one rotation for both. */
  project(read: string, layer: LayerWeights, positions: string): { query: string; own: string[] } {
    const { heads, headDim } = this.config;
    const [queryKey, value] = this.split(this.multiply(read, layer.qkv), [(heads + 1) * headDim, headDim]);
    const [queries, key] = this.split(this.rotate(queryKey, positions), [heads * headDim, headDim]);
    return { query: this.graph.node('Reshape', [queries, this.queryShape]), own: [key, value] };
  }

  /** Keys and values alone. */
  projectKeyValues(read: string, layer: LayerWeights, positions: string): string[] {
    const { headDim } = this.config;
    const [key, value] = this.split(this.multiply(read, layer.kv), [headDim, headDim]);
    return [this.rotate(key, positions), value];
  }

  /** Queries alone. */
  projectQueries(read: string, layer: LayerWeights, positions: string): string {
    return this.graph.node('Reshape', [
      this.rotate(this.multiply(read, layer.q), positions),
      this.queryShape,
    ]);
  }

  /** Keys and values as the rows that are stored, [1, rows, 2D]. */
  keyValueRows(own: string[]): string {
    const both = this.graph.node('Concat', own, { axis: 2 });
    if (!this.int8) return both;
    const unit = this.graph.constant('unit', { type: 'float32', dims: [], data: Float32Array.of(1) });
    const zero = this.graph.constant('zero', { type: 'int8', dims: [], data: Int8Array.of(0) });
    return this.graph.node('QuantizeLinear', [both, unit, zero]);
  }

  /** Attention over stored rows put one after another. */
  attendRows(query: string, rows: string[], mask: string | null): string {
    const all = this.toFloat(this.graph.node('Concat', rows, { axis: 1 }));
    const { headDim } = this.config;
    const [keys, values] = this.split(all, [headDim, headDim]);
    return this.attend(query, keys, values, mask);
  }

  /** Attention of queries [1, rows * H, D] over keys and values [1, keys, D] -> [1, rows, H * D]. */
  attend(query: string, keys: string, values: string, mask: string | null): string {
    const { graph } = this;
    let scores = graph.node('com.microsoft.FusedMatMul', [query, keys], { transB: 1 });
    if (mask !== null) scores = graph.node('Add', [scores, mask]);
    const attended = graph.node('MatMul', [graph.node('Softmax', [scores], { axis: -1 }), values]);
    return graph.node('Reshape', [attended, this.rowShape]);
  }

  /** Numbers of all keys, [keys]: P, the past, new rows, padding. */
  keyIndex(past: string, rows: string, padding: string): string {
    const { graph } = this;
    const scalar = (value: number) => graph.ints('scalar', [value], []);
    const count = (value: string) =>
      graph.node('Gather', [graph.node('Shape', [value]), scalar(1)], { axis: 0 });
    const known = graph.node('Add', [count(past), count(rows)]);
    const keys = graph.node('Add', [graph.node('Add', [known, count(padding)]), scalar(1)]);
    return graph.node('Range', [scalar(0), keys, scalar(1)]);
  }

  /** 0 where a key's number is at most the query's position [1, queries, 1], -inf behind it: [1, queries, keys]. */
  causalMask(keyIndex: string, queryPositions: string): string {
    const number = (name: string, value: number) =>
      this.graph.constant(name, { type: 'float32', dims: [], data: Float32Array.of(value) });
    const visible = this.graph.node('LessOrEqual', [keyIndex, queryPositions]);
    return this.graph.node('Where', [visible, number('visible', 0), number('hidden', -Infinity)]);
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

  /** Output projection, residual and SwiGLU; the last sum is left to the next norm. */
  finish(residual: string, attended: string, layer: LayerWeights): Stream {
    const { graph } = this;
    const delta = this.multiply(this.quantize(attended, layer.out.name), layer.out);
    const middle = this.norm({ hidden: residual, delta }, layer.ffnNorm);
    const gateUp = this.multiply(this.quantize(middle.normed, layer.gateUp.name), layer.gateUp);
    const [gate, up] = graph.nodeWithOutputs('Split', [gateUp], 2, { axis: -1, num_outputs: 2 });
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

  /**
   * A final state [1, width] against every item's vector, [1, items]. In int8 the state's scale is its own: it runs
   * alone, so nothing else can change it.
   */
  itemLogits(final: string): string {
    const vectors = transpose(this.options.weights.history, 'item_vectors');
    const dims = [vectors.inputs, vectors.outputs];
    if (!this.int8) {
      const whole = this.graph.constant('item_vectors', { type: 'float32', dims, data: vectors.data });
      return this.graph.node('MatMul', [final, whole]);
    }
    const { data: rows, scale } = quantizeColumns(vectors);
    const weight = this.graph.constant('item_vectors', { type: 'int8', dims, data: rows });
    const scales = this.graph.constant('item_scale', { type: 'float32', dims: [scale.length], data: scale });
    return this.graph.node('com.microsoft.DynamicQuantizeMatMul', [final, weight, scales]);
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

  private split(value: string, sizes: number[]): string[] {
    return this.graph.nodeWithOutputs('Split', [value, this.graph.ints('sizes', sizes)], sizes.length, {
      axis: 2,
    });
  }

  /** Rotary embedding of rows [1, rows, n * D] at their positions [1, rows]. */
  private rotate(rows: string, positions: string): string {
    const op = 'com.microsoft.RotaryEmbedding';
    const tables = [this.rotationTable('cos', Math.cos), this.rotationTable('sin', Math.sin)];
    return this.graph.node(op, [rows, positions, ...tables], { interleaved: 0 });
  }

  /** cos or sin of every position that a token can have: P, a window of items, S, the codes. */
  private rotationTable(name: string, f: (angle: number) => number): string {
    return this.once(name, () => {
      const { window, levels, headDim } = this.config;
      const [rows, half] = [window + levels + 2, headDim / 2];
      const data = Float32Array.from({ length: rows * half }, (_, i) =>
        f(Math.floor(i / half) * ROPE_BASE ** (-(i % half) / half)),
      );
      return this.graph.constant(name, { type: 'float32', dims: [rows, half], data });
    });
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
}
