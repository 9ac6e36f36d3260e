/**
 * The decoder without EARN as a language model is usually exported: one graph for the prompt and for each
 * further token, with the keys and values of all layers coming in and going out.
 *
 * Where there is a choice it is the fast one: normalisation, rotation and SiLU are the fused operators that
 * onnxruntime's optimizer of transformers makes, queries, keys and values are one product, the shared
 * key/value head is not repeated for each query head, and only the last token's logits are computed. Items
 * are one token each, as in EARN.
 */
import type { Checkpoint } from '../../build/checkpoint.ts';
import { Graph, type Weights } from '../../build/graph.ts';
import { type Linear, NORM_EPSILON, rotationTable, servingWeights, transpose } from '../../build/weights.ts';
import type { Product } from './products.ts';

/**
 * Inputs: `input_ids` int64 [batch, new] (items, then codes as items + level * codebook + code, then P and
 * S), `attention_mask` int64 [batch, keys] of past and new tokens (1: visible), `position_ids` int64 [batch,
 * new], and for each layer `past_key_values.L.key` and `.value` float32 [batch, past, D]. Outputs: `logits`
 * float32 [batch, levels * codebook] of the last token, `present.L.key` and `.value` float32 [batch, keys,
 * D].
 */
export function usualGraph(checkpoint: Checkpoint, product: Product, store: Weights): Uint8Array {
  const { config, matrix } = checkpoint;
  const { width, heads, headDim, depth, levels, codebook, items } = config;
  const { itemVectors, codes, registers, norm: finalGain, heads: outputs } = servingWeights(checkpoint);
  const graph = new Graph('usual', store);
  const ids = graph.input('input_ids', 'int64', ['batch', 'new']);
  const attentionMask = graph.input('attention_mask', 'int64', ['batch', 'keys']);
  const positions = graph.input('position_ids', 'int64', ['batch', 'new']);
  const mask = causalMask();
  const tables = [Math.cos, Math.sin].map((f) => {
    const { rows, columns, data } = rotationTable(config, f);
    return graph.floats(f.name, data, [rows, columns]);
  });
  const [queries, keys] = [heads * headDim, headDim];
  const splits = [
    [queries + keys, keys],
    [queries, keys],
  ].map((sizes) => graph.ints('sizes', sizes));
  const queryShape = graph.ints('query_shape', [0, -1, headDim]);
  const rowShape = graph.ints('row_shape', [0, -1, queries]);
  const scale = graph.floats('scale', [1 / Math.sqrt(headDim)], []);

  const table = Float32Array.from([itemVectors, codes, registers].flatMap(({ data }) => [...data]));
  const embedding = graph.floats('embedding', table, [items + levels * codebook + 2, width]);
  let hidden = graph.node('Gather', [embedding, ids], { axis: 0 });
  let delta: string | null = null;
  for (let layer = 0; layer < depth; layer++) {
    const multiply = (value: string, name: string) => {
      const full = `layers.${layer}.${name}`;
      return product(graph, value, transpose(matrix(`${full}.weight`), full));
    };
    const gain = (name: string) => matrix(`layers.${layer}.${name}.weight`).data;
    const before = norm(hidden, delta, gain('attention_norm'));
    const attended = attend(layer, multiply(before.normed, 'qkv'));
    const after = norm(before.residual, multiply(attended, 'out'), gain('ffn_norm'));
    const gateUp = multiply(after.normed, 'gate_up');
    const [gate, up] = graph.nodeWithOutputs('Split', [gateUp], 2, { axis: -1, num_outputs: 2 });
    const silu = graph.node('com.microsoft.QuickGelu', [gate], { alpha: { float: 1 } });
    hidden = after.residual;
    delta = multiply(graph.node('Mul', [silu, up]), 'down');
  }
  const last = graph.node('Gather', [norm(hidden, delta, finalGain).normed, number(-1)], { axis: 1 });
  const logits = product(graph, last, sideBySide(outputs));
  graph.output(logits, 'logits', 'float32', ['batch', levels * codebook]);
  return graph.encode();

  function number(value: number): string {
    return graph.ints('number', [value], []);
  }

  /**
   * 0 where a key is visible to a query, -inf elsewhere; a token's queries are H rows, [batch, new * H,
   * keys].
   */
  function causalMask(): string {
    const axis = (value: number) => graph.ints('axis', [value]);
    const count = graph.node('Gather', [graph.node('Shape', [attentionMask]), axis(1)], { axis: 0 });
    const keyPositions = graph.node('Range', [number(0), graph.node('Squeeze', [count]), number(1)]);
    const past = graph.node('LessOrEqual', [
      keyPositions,
      graph.node('Unsqueeze', [positions, graph.ints('axes', [2, 3])]),
    ]);
    const there = graph.node('Cast', [attentionMask], { to: 9 });
    const visible = graph.node('And', [past, graph.node('Unsqueeze', [there, graph.ints('axes', [1, 2])])]);
    const [zero, hidden] = [0, -Infinity].map((value) => graph.floats('bias', [value], []));
    const rows = graph.node('Expand', [
      graph.node('Where', [visible, zero, hidden]),
      graph.ints('heads', [1, 1, heads, 1]),
    ]);
    const shape = graph.node('Concat', [graph.ints('rows', [0, -1]), count], { axis: 0 });
    return graph.node('Reshape', [rows, shape]);
  }

  /** RMS norm of hidden + delta -> the normed rows and the sum. */
  function norm(hidden: string, delta: string | null, gain: Float32Array) {
    const scale = graph.floats('gain', gain, [width]);
    const epsilon = { float: NORM_EPSILON };
    if (delta === null) {
      const normed = graph.node('SimplifiedLayerNormalization', [hidden, scale], { axis: -1, epsilon });
      return { normed, residual: hidden };
    }
    const op = 'com.microsoft.SkipSimplifiedLayerNormalization';
    const [normed, , , residual] = graph.nodeWithOutputs(op, [hidden, delta, scale], 4, { epsilon });
    return { normed, residual };
  }

  /** Queries, keys and values side by side, [batch, new, (H + 2) * D] -> [batch, new, H * D]. */
  function attend(layer: number, qkv: string): string {
    const [queryKey, freshValues] = graph.nodeWithOutputs('Split', [qkv, splits[0]], 2, { axis: 2 });
    const rotated = graph.node('com.microsoft.RotaryEmbedding', [queryKey, positions, ...tables], {
      interleaved: 0,
    });
    const [query, freshKeys] = graph.nodeWithOutputs('Split', [rotated, splits[1]], 2, { axis: 2 });
    const allKeys = withPast(`${layer}.key`, freshKeys);
    const values = withPast(`${layer}.value`, freshValues);
    const rows = graph.node('Reshape', [query, queryShape]);
    const products = graph.node('MatMul', [rows, graph.node('Transpose', [allKeys], { perm: [0, 2, 1] })]);
    const scores = graph.node('Add', [graph.node('Mul', [products, scale]), mask]);
    const attended = graph.node('MatMul', [graph.node('Softmax', [scores], { axis: -1 }), values]);
    return graph.node('Reshape', [attended, rowShape]);
  }

  function withPast(name: string, fresh: string): string {
    const past = graph.input(`past_key_values.${name}`, 'float32', ['batch', 'past', headDim]);
    const dims = ['batch', 'keys', headDim];
    return graph.outputNode('Concat', [past, fresh], { axis: 1 }, `present.${name}`, 'float32', dims);
  }
}

/** The heads of all levels as one over the whole vocabulary of codes. */
function sideBySide(heads: Linear[]): Linear {
  const [{ inputs, outputs: codebook }] = heads;
  const outputs = heads.length * codebook;
  const data = new Float32Array(inputs * outputs);
  for (const [level, head] of heads.entries()) {
    for (let row = 0; row < inputs; row++) {
      data.set(head.data.subarray(row * codebook, (row + 1) * codebook), row * outputs + level * codebook);
    }
  }
  return { name: 'head', inputs, outputs, data };
}
