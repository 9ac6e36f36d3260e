/**
 * How a graph multiplies, and how it stores keys and values: what depends on the backend and the precision.
 */
import type { Graph } from './graph.ts';
import { activationScale, quantizeColumns } from './quantize.ts';
import type { EarnWeights, Linear } from './weights.ts';

/**
 * - `int8`: the fastest in WASM.
 * - `webgpu`: the same weights and the same rounding in float32, since no int8 product runs on a GPU.
 * - `float32`: nothing is rounded. The reference, on both backends.
 */
export type ArithmeticKind = 'int8' | 'webgpu' | 'float32';

export interface Arithmetic {
  /** Type of stored keys and values. */
  readonly kvType: 'int8' | 'float32';
  /**
   * `value` as the linear layers that read `activation` take it: rounded with the calibrated static scale.
   */
  quantize(value: string, activation: string): string;
  /** `value` comes from `quantize`; the product is float32 [1, rows, outputs]. */
  multiply(value: string, linear: Linear): string;
  /** [1, rows, parts * size] -> [1, rows, size], `parts` times. */
  splitEvenly(value: string, parts: number, size: number): string[];
  /** float32 keys and values -> as they are stored. */
  store(value: string): string;
  /** Stored keys and values -> float32. */
  load(stored: string): string;
  /** A constant row of stored keys and values, [1, 1, values]. */
  storedConstant(values: Float32Array): string;
}

export function arithmeticOf(kind: ArithmeticKind, graph: Graph, weights: EarnWeights): Arithmetic {
  if (kind === 'float32') return new FloatArithmetic(graph);
  return new { int8: Int8Arithmetic, webgpu: GpuArithmetic }[kind](graph, weights);
}

/**
 * Most outputs of one node: a GPU program may bind 8 buffers, and the input is one of them.
 * https://www.w3.org/TR/webgpu/#dom-supported-limits-maxstoragebufferspershaderstage
 */
const MOST_GPU_OUTPUTS = 7;

class FloatArithmetic implements Arithmetic {
  readonly kvType: Arithmetic['kvType'] = 'float32';
  protected readonly mostOutputs: number = MOST_GPU_OUTPUTS;
  protected readonly graph: Graph;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  quantize(value: string, _activation: string): string {
    return value;
  }

  multiply(value: string, { name, inputs, outputs, data }: Linear): string {
    return this.graph.node('MatMul', [value, this.graph.floats(name, data, [inputs, outputs])]);
  }

  splitEvenly(value: string, parts: number, size: number): string[] {
    const { graph } = this;
    if (parts <= this.mostOutputs) {
      return graph.nodeWithOutputs('Split', [value], parts, { axis: 2, num_outputs: parts });
    }
    const halves = [parts >> 1, (parts + 1) >> 1];
    const sizes = halves.map((half) => half * size);
    const values = graph.nodeWithOutputs('Split', [value, graph.ints('sizes', sizes)], 2, { axis: 2 });
    return values.flatMap((half, i) => this.splitEvenly(half, halves[i], size));
  }

  store(value: string): string {
    return value;
  }

  load(stored: string): string {
    return stored;
  }

  storedConstant(values: Float32Array): string {
    return this.graph.floats('prefix_kv', values, [1, 1, values.length]);
  }
}

/** uint8 activations times int8 weights. */
class Int8Arithmetic extends FloatArithmetic {
  override readonly kvType: Arithmetic['kvType'] = 'int8';
  protected override readonly mostOutputs: number = Infinity;
  private readonly weights: EarnWeights;

  constructor(graph: Graph, weights: EarnWeights) {
    super(graph);
    this.weights = weights;
  }

  override quantize(value: string, activation: string): string {
    const { scale, zero } = this.activation(activation);
    return this.graph.node('QuantizeLinear', [value, scale, zero]);
  }

  override multiply(value: string, linear: Linear): string {
    const [weight, weightScale] = this.linear(linear);
    const { scale, zero } = this.activation(linear.name);
    return this.graph.node('com.microsoft.MatMulIntegerToFloat', [value, weight, scale, weightScale, zero]);
  }

  override store(value: string): string {
    const zero = this.graph.constant('zero', { type: 'int8', dims: [], data: Int8Array.of(0) });
    return this.graph.node('QuantizeLinear', [value, this.graph.floats('unit', [1], []), zero]);
  }

  override load(stored: string): string {
    return this.graph.node('Cast', [stored], { to: 1 });
  }

  override storedConstant(values: Float32Array): string {
    const data = Int8Array.from(values, (v) => Math.max(-128, Math.min(127, Math.round(v))));
    return this.graph.constant('prefix_kv', { type: 'int8', dims: [1, 1, data.length], data });
  }

  /** Weights [inputs, outputs] with one scale per column. */
  protected linear(linear: Linear): [weight: string, scale: string] {
    const { name, inputs, outputs } = linear;
    const { data, scale } = quantizeColumns(linear);
    return [
      this.graph.constant(name, { type: 'int8', dims: [inputs, outputs], data }),
      this.graph.floats(`${name}.scale`, scale, [outputs]),
    ];
  }

  protected range(name: string): { scale: number; zeroPoint: number } {
    const range = this.weights.activations[name];
    if (!range) throw new Error(`the checkpoint has no activation range for ${name}`);
    return activationScale(range);
  }

  private activation(name: string): { scale: string; zero: string } {
    const { scale, zeroPoint } = this.range(name);
    const data = Uint8Array.of(zeroPoint);
    return {
      scale: this.graph.floats(`${name}.activation_scale`, [scale], []),
      zero: this.graph.constant(`${name}.activation_zero`, { type: 'uint8', dims: [], data }),
    };
  }
}

/**
 * The same integers as float32, in operators that run on WebGPU. Sums of their products are exact below 2^24,
 * so a result differs only where a norm, a softmax or a division is off by just enough to round to the next
 * integer. The weights are the same int8 ones; onnxruntime makes float32 of them when the session is created.
 */
class GpuArithmetic extends Int8Arithmetic {
  override readonly kvType = 'float32';
  protected override readonly mostOutputs = MOST_GPU_OUTPUTS;

  override quantize(value: string, activation: string): string {
    const { scale, zeroPoint } = this.range(activation);
    const scaled = this.graph.node('Div', [value, this.graph.floats('scale', [scale], [])]);
    return this.round(scaled, -zeroPoint, 255 - zeroPoint);
  }

  override multiply(value: string, linear: Linear): string {
    const { graph } = this;
    const weight = graph.node('DequantizeLinear', this.linear(linear), { axis: 1 });
    const scale = graph.floats('scale', [this.range(linear.name).scale], []);
    return graph.node('MatMul', [value, graph.node('Mul', [weight, scale])]);
  }

  override store(value: string): string {
    return this.round(value, -128, 127);
  }

  override load(stored: string): string {
    return stored;
  }

  override storedConstant(values: Float32Array): string {
    return super.load(super.storedConstant(values));
  }

  private round(value: string, low: number, high: number): string {
    const { graph } = this;
    const [half, least, most] = [0.5, low, high].map((bound) => graph.floats('bound', [bound], []));
    const rounded = graph.node('Floor', [graph.node('Add', [value, half])]);
    return graph.node('Clip', [rounded, least, most]);
  }
}
