/**
 * How a peer's graph multiplies with constant weights: in float32, or as onnxruntime's dynamic quantization
 * does.
 */
import type { Graph } from '../../build/graph.ts';
import type { Linear } from '../../build/weights.ts';

/** Adds float32 [..., inputs] x `linear` -> float32 [..., outputs]. */
export type Product = (graph: Graph, value: string, linear: Linear) => string;

export const floatProduct: Product = (graph, value, { name, inputs, outputs, data }) =>
  graph.node('MatMul', [value, graph.floats(name, data, [inputs, outputs])]);

/**
 * What `quantize_dynamic` puts in a MatMul's place with its defaults: uint8 activations with a scale that
 * each run finds anew, int8 weights with one scale a tensor and a zero point that is zero. onnxruntime fuses
 * all of it into a DynamicQuantizeMatMul when it creates the session.
 * https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/python/tools/quantization/operators/matmul.py
 */
export const dynamicProduct: Product = (graph, value, { name, inputs, outputs, data }) => {
  const scale = data.reduce((largest, weight) => Math.max(largest, Math.abs(weight)), 0) / 127 || 1;
  const quantized = Int8Array.from(data, (weight) => Math.round(weight / scale));
  const weight = graph.constant(name, { type: 'int8', dims: [inputs, outputs], data: quantized });
  const weightScale = graph.floats(`${name}.scale`, [scale], []);
  const weightZero = graph.constant(`${name}.zero`, { type: 'int8', dims: [], data: Int8Array.of(0) });
  const [activation, activationScale, zero] = graph.nodeWithOutputs('DynamicQuantizeLinear', [value], 3);
  const sums = graph.node('MatMulInteger', [activation, weight, zero, weightZero]);
  const bothScales = graph.node('Mul', [activationScale, weightScale]);
  return graph.node('Mul', [graph.node('Cast', [sums], { to: 1 }), bothScales]);
};
