/**
 * SASRec (`scripts/train/earn_train/sasrec.py`) as one graph from a whole history to every item's score: it
 * keeps nothing of a user.
 */
import type { ModelConfig } from '../../../worker/engine/config.ts';
import type { Matrix } from '../../build/checkpoint.ts';
import { Graph, type Weights } from '../../build/graph.ts';
import { transpose } from '../../build/weights.ts';
import { randomNormal, seededRandom } from '../../random.ts';
import type { Product } from './products.ts';

/** Of the paper and of the trained one. */
const LAYERS = 2;
/** PyTorch's LayerNorm. */
export const EPSILON = 1e-5;

/** A tensor by its name in the trained module's `state_dict`. */
export type SasRecWeights = (name: string) => Matrix;

/** Random weights of the shape that a decoder's width, heads and window give. */
export function randomSasRec({ items, width, contextWindow }: ModelConfig, seed = 1): SasRecWeights {
  const random = seededRandom(seed);
  const shapes: Record<string, [number, number]> = {
    'item.weight': [items, width],
    'position.weight': [contextWindow, width],
    'encoder.norm.weight': [1, width],
    'encoder.norm.bias': [1, width],
  };
  for (let layer = 0; layer < LAYERS; layer++) {
    const linears = {
      'self_attn.in_proj_': [3 * width, width],
      'self_attn.out_proj.': [width, width],
      'linear1.': [4 * width, width],
      'linear2.': [width, 4 * width],
      'norm1.': [1, width],
      'norm2.': [1, width],
    };
    for (const [name, [rows, columns]] of Object.entries(linears)) {
      const full = `encoder.layers.${layer}.${name}`;
      shapes[`${full}weight`] = [rows, columns];
      shapes[`${full}bias`] = [1, name.startsWith('norm') ? columns : rows];
    }
  }
  const tensors = new Map(
    Object.entries(shapes).map(([name, [rows, columns]]) => {
      const gain = /norm\d?\.weight$/.test(name) ? 1 : 0;
      const data = Float32Array.from({ length: rows * columns }, () => gain + randomNormal(random, 0.2));
      return [name, { rows, columns, data }];
    }),
  );
  return (name) => tensors.get(name)!;
}

/**
 * Input: `item_ids` int64 [1, n], oldest first. Output: `scores` float32 [1, items], logits of the next one.
 */
export function sasRecGraph(
  { items, width, heads, contextWindow }: ModelConfig,
  weights: SasRecWeights,
  product: Product,
  store: Weights,
): Uint8Array {
  const graph = new Graph('sasrec', store);
  const size = width / heads;
  const ids = graph.input('item_ids', 'int64', [1, 'items']);
  const count = graph.node('Shape', [ids], { start: 1 });
  const [zero, axis] = [graph.ints('zero', [0]), graph.ints('axis', [0])];
  const hidden = graph.node('Expand', [
    graph.floats('hidden', [-Infinity], [1, 1]),
    graph.node('Concat', [count, count], { axis: 0 }),
  ]);
  const mask = graph.node('Trilu', [hidden, graph.ints('diagonal', [1], [])], { upper: 1 });
  const headShape = graph.ints('head_shape', [0, 0, heads, size]);
  const rowShape = graph.ints('row_shape', [0, 0, width]);
  const scale = graph.floats('scale', [1 / Math.sqrt(size)], []);

  const vectors = graph.floats('item', weights('item.weight').data, [items, width]);
  const positions = graph.floats('position', weights('position.weight').data, [contextWindow, width]);
  let x = graph.node('Add', [
    graph.node('Gather', [vectors, ids], { axis: 0 }),
    graph.node('Slice', [positions, zero, count, axis]),
  ]);
  for (let layer = 0; layer < LAYERS; layer++) {
    const name = `encoder.layers.${layer}`;
    const attended = attend(linear(norm(x, `${name}.norm1`), `${name}.self_attn.in_proj_`));
    x = graph.node('Add', [x, linear(attended, `${name}.self_attn.out_proj.`)]);
    const inner = graph.node('Gelu', [linear(norm(x, `${name}.norm2`), `${name}.linear1.`)]);
    x = graph.node('Add', [x, linear(inner, `${name}.linear2.`)]);
  }
  const last = graph.node('Gather', [norm(x, 'encoder.norm'), graph.ints('last', [-1], [])], { axis: 1 });
  const scores = product(graph, last, transpose(weights('item.weight'), 'item_vectors'));
  graph.output(scores, 'scores', 'float32', [1, items]);
  return graph.encode();

  function linear(value: string, name: string): string {
    const { columns, data } = weights(`${name}bias`);
    const multiplied = product(graph, value, transpose(weights(`${name}weight`), name));
    return graph.node('Add', [multiplied, graph.floats(`${name}bias`, data, [columns])]);
  }

  function norm(value: string, name: string): string {
    const [gain, bias] = ['weight', 'bias'].map((part) =>
      graph.floats(`${name}.${part}`, weights(`${name}.${part}`).data, [width]),
    );
    const attributes = { axis: -1, epsilon: { float: EPSILON } };
    return graph.node('LayerNormalization', [value, gain, bias], attributes);
  }

  /** Queries, keys and values side by side, [1, n, 3 * width] -> [1, n, width]. */
  function attend(qkv: string): string {
    const parts = graph.nodeWithOutputs('Split', [qkv], 3, { axis: 2, num_outputs: 3 });
    const [query, keys, values] = parts.map((part, i) =>
      graph.node('Transpose', [graph.node('Reshape', [part, headShape])], {
        perm: i === 1 ? [0, 2, 3, 1] : [0, 2, 1, 3], // keys as the product wants them
      }),
    );
    const scores = graph.node('Mul', [graph.node('MatMul', [query, keys]), scale]);
    const share = graph.node('Softmax', [graph.node('Add', [scores, mask])], { axis: -1 });
    const attended = graph.node('MatMul', [share, values]);
    return graph.node('Reshape', [graph.node('Transpose', [attended], { perm: [0, 2, 1, 3] }), rowShape]);
  }
}
