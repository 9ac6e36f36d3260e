/** The decoder's shapes, and where it runs. */

/** `scripts/train/earn_train/model.py` has the same ones. */
export interface ModelConfig {
  items: number;
  /** C, semantic-ID codes per item. */
  levels: number;
  /** Codes per level. */
  codebook: number;
  /** N, layers. */
  depth: number;
  /** k, layers that read the whole history. */
  registerDepth: number;
  /** Newest items that a token sees in the layers after k. */
  localWindow: number;
  /** Newest items that a token sees in the layers before k. Without it all. Only with EARN. */
  slidingWindow?: number;
  /** Last layers, the ones that code tokens run. Without it all after k, without EARN all. */
  codeLayers?: number;
  width: number;
  heads: number;
  headDim: number;
  ffn: number;
  /** Most items of a history that are read. */
  contextWindow: number;
}

/** Index of the first layer whose local rows a state keeps: k with EARN, 0 without. */
export function firstLocalLayer({ registerDepth, depth }: ModelConfig): number {
  return registerDepth < depth ? registerDepth : 0;
}

/** How many layers see only the newest items before k: the first ones. */
export function slidingLayers({ slidingWindow, registerDepth }: ModelConfig): number {
  return slidingWindow === undefined ? 0 : registerDepth - 1;
}

/** How many layers before k see the whole history. */
export function wholeLayers(config: ModelConfig): number {
  return config.registerDepth - 1 - slidingLayers(config);
}

/** Index of the first layer that code tokens enter. */
export function firstCodeLayer(config: ModelConfig): number {
  return config.codeLayers === undefined ? firstLocalLayer(config) : config.depth - config.codeLayers;
}

/**
 * Newest items that go through the layers after k when no state is known: each of these layers looks
 * `localWindow` items further back.
 */
export function localReach({ registerDepth, depth, localWindow }: ModelConfig): number {
  return (depth - registerDepth) * localWindow;
}

export const GRAPHS = ['prefill', 'score', 'decode'] as const;
export type GraphName = (typeof GRAPHS)[number];

/** What a model can run on. */
export const BACKENDS = ['wasm', 'webgpu'] as const;
export type Backend = (typeof BACKENDS)[number];

/** How numbers are kept: weights, the item table, and a state's keys and values. */
export const PRECISIONS = ['int8', 'float32'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** Files of constants that graphs refer to by these names. A model's folder holds each in pieces. */
export const WEIGHTS_FILE = 'weights.bin';
export const ITEM_TABLE_FILE = 'item-table.bin';
