/**
 * A decoder with random weights. It is as fast as a trained one of its shape, and has the same invariants.
 */
import type { ModelConfig } from '../../worker/engine/config.ts';
import { randomNormal, seededRandom } from '../random.ts';
import type { Checkpoint } from './checkpoint.ts';

/** The weights are large enough that every path through the layers shows in the logits. */
export function randomCheckpoint(config: ModelConfig, seed = 1): Checkpoint {
  const { items, levels, codebook, depth, width, heads, headDim, ffn } = config;
  const random = seededRandom(seed);
  const shapes: Record<string, [number, number]> = {
    'item.weight': [items, width],
    'code.weight': [levels * codebook, width],
    registers: [2, width],
    'norm.weight': [1, width],
  };
  const activations: Record<string, number[]> = {};
  for (let l = 0; l < depth; l++) {
    const layer = `layers.${l}`;
    shapes[`${layer}.attention_norm.weight`] = [1, width];
    shapes[`${layer}.ffn_norm.weight`] = [1, width];
    shapes[`${layer}.qkv.weight`] = [(heads + 2) * headDim, width];
    shapes[`${layer}.out.weight`] = [width, heads * headDim];
    shapes[`${layer}.gate_up.weight`] = [2 * ffn, width];
    shapes[`${layer}.down.weight`] = [width, ffn];
    for (const reader of ['qkv', 'gate_up', 'down']) activations[`${layer}.${reader}`] = [-4, 4];
    activations[`${layer}.key`] = new Array(headDim / 2).fill(4);
    activations[`${layer}.value`] = new Array(headDim).fill(4);
    activations[`${layer}.attended`] = new Array(heads * headDim).fill(4);
  }
  for (let level = 0; level < levels; level++) shapes[`heads.${level}.weight`] = [codebook, width];
  const tensors = new Map(
    Object.entries(shapes).map(([name, [rows, columns]]) => {
      const gain = name.includes('norm');
      const data = Float32Array.from(
        { length: rows * columns },
        () => (gain ? 1 : 0) + randomNormal(random, 0.2),
      );
      return [name, { rows, columns, data }];
    }),
  );
  const semanticIds = Int32Array.from({ length: items * levels }, (_, i) => {
    const path = (Math.floor(i / levels) * 5) % codebook ** levels; // 5 and a power of two: no path twice
    return Math.floor(path / codebook ** (i % levels)) % codebook;
  });
  return {
    config,
    ranker: 'beam',
    training: { seed },
    validation: { parameters: 0 },
    activations,
    isRefit: false,
    items: Array.from({ length: items }, (_, i) => ({
      id: `item-${i}`,
      title: `Title ${i}`,
      categories: i % 10 === 0 ? [] : [`row ${i % 7}`, `block ${Math.floor(i / 20)}`],
      count: (i * 7) % 11,
    })),
    trainedItems: items,
    semanticIds,
    matrix: (name) => tensors.get(name)!,
  };
}
