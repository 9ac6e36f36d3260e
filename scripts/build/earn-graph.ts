/** What the prefill and decode graphs are made of: the parts of a layer, in any arithmetic. */
import { type Arithmetic, type ArithmeticKind, arithmeticOf } from './arithmetic.ts';
import type { Matrix } from './checkpoint.ts';
import { Graph, type Weights } from './graph.ts';
import { type EarnWeights, type LayerWeights, NORM_EPSILON, rotationTable } from './weights.ts';

export interface GraphOptions {
  weights: EarnWeights;
  /** [layers][2 * headDim], from the reference. */
  prefixKeyValues: Float32Array[];
  arithmetic: ArithmeticKind;
  /** Where the graphs put their large constants. */
  store: Weights;
}

/** Tokens between two layers: `hidden` + `delta`. The next norm adds them, in one operator. */
export interface Stream {
  hidden: string;
  delta: string | null;
}

export class EarnGraph {
  readonly graph: Graph;
  readonly config: EarnWeights['config'];
  readonly arithmetic: Arithmetic;
  private readonly options: GraphOptions;
  /** Shapes and tables by name, each made when it is first needed. */
  private readonly made = new Map<string, string>();

  constructor(name: string, options: GraphOptions) {
    const { config } = options.weights;
    this.graph = new Graph(name, options.store);
    this.config = config;
    this.options = options;
    this.arithmetic = arithmeticOf(options.arithmetic, this.graph, options.weights);
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

  private get ownShape(): string {
    const { heads, headDim } = this.config;
    return this.once('own_shape', () => this.graph.ints('own_shape', [1, -1, heads, headDim]));
  }

  registerRow(index: number) {
    const { width } = this.config;
    const data = this.options.weights.registers.data.slice(index * width, (index + 1) * width);
    return { type: 'float32' as const, dims: [1, 1, width], data };
  }

  codeTable(): string {
    const { rows, columns, data }: Matrix = this.options.weights.codes;
    return this.graph.floats('code_embedding', data, [rows, columns]);
  }

  /** P's constant key and value in one layer as a stored row, [1, 1, 2D]. */
  prefixRow(layer: number): string {
    return this.arithmetic.storedConstant(this.options.prefixKeyValues[layer]);
  }

  /** P's constant keys and values in the layers from `first` on, [1, 1, layers * 2D]. */
  prefixRows(first: number): string {
    const rows = this.options.prefixKeyValues.slice(first);
    const data = Float32Array.from(rows.flatMap((row) => [...row]));
    return this.graph.floats('prefix_kv', data, [1, 1, data.length]);
  }

  /** Stored rows [1, rows, layers * 2D] as float32: for each layer its keys and its values, [1, rows, D]. */
  loadHalves(stored: string, layers: number): string[][] {
    return this.splitHalves(stored, layers).map((halves) => halves.map((half) => this.arithmetic.load(half)));
  }

  /** [1, rows, layers * 2D] -> for each layer its keys and its values, [1, rows, D]. */
  splitHalves(value: string, layers: number): string[][] {
    const halves = this.arithmetic.splitEvenly(value, 2 * layers, this.config.headDim);
    return Array.from({ length: layers }, (_, layer) => halves.slice(2 * layer, 2 * layer + 2));
  }

  /** The last `count` of the `columns` of [1, rows, columns]. */
  lastColumns(value: string, columns: number, count: number): string {
    if (count === columns) return value;
    const bounds = [columns - count, columns, 2].map((bound) => this.graph.ints('bound', [bound]));
    return this.graph.node('Slice', [value, ...bounds]);
  }

  /** Queries [1, rows, H * D] and own keys and values [1, rows, D] of rows [1, rows, width], not rotated. */
  projectUnrotated(read: string, layer: LayerWeights): { query: string; own: string[] } {
    const { heads, headDim } = this.config;
    const product = this.arithmetic.multiply(read, layer.qkv);
    const [queries, ...own] = this.split(product, [heads * headDim, headDim, headDim]);
    return { query: queries, own };
  }

  /** The same with queries and keys rotated, both in one operator. */
  project(read: string, layer: LayerWeights, positions: string): { query: string; own: string[] } {
    const { heads, headDim } = this.config;
    const [queryKey, value] = this.split(this.arithmetic.multiply(read, layer.qkv), [
      (heads + 1) * headDim,
      headDim,
    ]);
    const [queries, key] = this.split(this.rotate(queryKey, positions), [heads * headDim, headDim]);
    return { query: queries, own: [key, value] };
  }

  /** Keys and values alone. */
  projectKeyValues(read: string, layer: LayerWeights, positions: string): string[] {
    const { headDim } = this.config;
    const [key, value] = this.split(this.arithmetic.multiply(read, layer.kv), [headDim, headDim]);
    return [this.rotate(key, positions), value];
  }

  /** Queries alone. */
  projectQueries(read: string, layer: LayerWeights, positions: string): string {
    return this.rotate(this.arithmetic.multiply(read, layer.q), positions);
  }

  /** Keys and values as the rows that are stored, [1, rows, 2D]. */
  keyValueRows(own: string[]): string {
    return this.arithmetic.store(this.graph.node('Concat', own, { axis: 2 }));
  }

  /** Attention over stored rows, one after another. */
  attendRows(query: string, rows: string[], mask: string): string {
    const [keys, values] = this.loadHalves(this.graph.node('Concat', rows, { axis: 1 }), 1)[0];
    return this.attend(query, keys, values, mask);
  }

  /**
   * Attention of each row over those stored rows that `places` int32 [rows, seen] names for it and `mask`
   * shows.
   */
  attendWindow(query: string, rows: string[], places: string, mask: string): string {
    const { graph } = this;
    const all = this.arithmetic.load(graph.node('Concat', rows, { axis: 1 }));
    const seen = graph.node('Gather', [all, places], { axis: 1 }); // [1, rows, seen, 2D]
    const [keys, values] = graph.nodeWithOutputs('Split', [seen], 2, { axis: 3, num_outputs: 2 });
    const own = graph.node('Reshape', [query, this.ownShape]);
    const scores = graph.node('MatMul', [own, graph.node('Transpose', [keys], { perm: [0, 1, 3, 2] })]);
    const weights = graph.node('Softmax', [graph.node('Add', [scores, mask])], { axis: -1 });
    return graph.node('Reshape', [graph.node('MatMul', [weights, values]), this.rowShape]);
  }

  /** Attention of queries [1, rows, H * D] over keys and values [1, keys, D] -> [1, rows, H * D]. */
  attend(query: string, keys: string, values: string, mask: string): string {
    const weights = this.graph.node('Softmax', [this.scores(this.perHead(query), keys, mask)], { axis: -1 });
    return this.graph.node('Reshape', [this.graph.node('MatMul', [weights, values]), this.rowShape]);
  }

  /**
   * The same over `own` keys, which have a mask, and the history's, which all queries see. Their scores are
   * concatenated and not the keys, which would copy the history. `counts` int64 [2]: how many keys each of
   * the two has.
   */
  attendBoth(query: string, own: string[], mask: string, history: string[], counts: string): string {
    const { graph } = this;
    const queries = this.perHead(query);
    const scores = [this.scores(queries, own[0], mask), this.scores(queries, history[0], null)];
    const weights = graph.node('Softmax', [graph.node('Concat', scores, { axis: 2 })], { axis: -1 });
    const parts = graph.nodeWithOutputs('Split', [weights, counts], 2, { axis: 2 });
    const [a, b] = [own[1], history[1]].map((values, i) => graph.node('MatMul', [parts[i], values]));
    return graph.node('Reshape', [graph.node('Add', [a, b]), this.rowShape]);
  }

  /** [1, rows, H * D] -> [1, rows * H, D]. */
  private perHead(query: string): string {
    return this.graph.node('Reshape', [query, this.queryShape]);
  }

  private scores(query: string, keys: string, mask: string | null): string {
    // In WASM onnxruntime fuses the two.
    const transposed = this.graph.node('Transpose', [keys], { perm: [0, 2, 1] });
    const scores = this.graph.node('MatMul', [query, transposed]);
    return mask === null ? scores : this.graph.node('Add', [scores, mask]);
  }

  /** RMS norm of the stream with its pending delta added -> the normed rows and the sum (the residual). */
  norm({ hidden, delta }: Stream, gain: Float32Array): { normed: string; residual: string } {
    const scale = this.graph.floats('gain', gain, [gain.length]);
    const epsilon = { float: NORM_EPSILON };
    if (delta === null) {
      const normed = this.graph.node('SimplifiedLayerNormalization', [hidden, scale], { axis: -1, epsilon });
      return { normed, residual: hidden };
    }
    const op = 'com.microsoft.SkipSimplifiedLayerNormalization';
    const [normed, , , residual] = this.graph.nodeWithOutputs(
      op,
      [hidden, delta, scale],
      4,
      { epsilon },
      [1, 2],
    );
    return { normed, residual };
  }

  /** Output projection, residual and SwiGLU. The last sum is left to the next norm. */
  finish(residual: string, attended: string, layer: LayerWeights): Stream {
    const { graph, arithmetic } = this;
    const delta = arithmetic.multiply(arithmetic.quantize(attended, layer.out.name), layer.out);
    const middle = this.norm({ hidden: residual, delta }, layer.ffnNorm);
    const gateUp = arithmetic.multiply(arithmetic.quantize(middle.normed, layer.gateUp.name), layer.gateUp);
    const [gate, up] = graph.nodeWithOutputs('Split', [gateUp], 2, { axis: -1, num_outputs: 2 });
    const silu = graph.node('com.microsoft.QuickGelu', [gate], { alpha: { float: 1 } });
    const gated = graph.node('Mul', [silu, up]);
    const down = arithmetic.multiply(arithmetic.quantize(gated, layer.down.name), layer.down);
    return { hidden: middle.residual, delta: down };
  }

  /** Logits of the codes of `level`. In float32: they decide the order of a list and cost next to nothing. */
  head(final: string, level: number): string {
    const { inputs, outputs, data } = this.options.weights.heads[level];
    const weight = this.graph.floats('head', data, [inputs, outputs]);
    return this.graph.node('MatMul', [final, weight]);
  }

  /** The same for a level that is an input of the graph. */
  headOfLevel(final: string, level: string): string {
    const { heads, config } = this.options.weights;
    const data = new Float32Array(heads.length * config.width * config.codebook);
    for (const [index, head] of heads.entries()) data.set(head.data, index * head.data.length);
    const dims = [heads.length, config.width, config.codebook];
    const all = this.graph.floats('heads', data, dims);
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

  /** Rotary embedding of rows [1, rows, n * D] at their positions [1, rows], or its inverse. */
  rotate(rows: string, positions: string, back = false): string {
    const cos = this.rotationTable('cos', Math.cos);
    const sin = back
      ? this.rotationTable('back', (angle) => -Math.sin(angle))
      : this.rotationTable('sin', Math.sin);
    const op = 'com.microsoft.RotaryEmbedding';
    return this.graph.node(op, [rows, positions, cos, sin], { interleaved: 0 });
  }

  private rotationTable(name: string, f: (angle: number) => number): string {
    return this.once(name, () => {
      const { rows, columns, data } = rotationTable(this.config, f);
      return this.graph.floats(name, data, [rows, columns]);
    });
  }
}
