/** What `npm run build:model` writes and the engine reads: `manifest.json` and the catalogue beside it. */
import { ModelUnavailable } from '../engine/errors.ts';

/** The version of the folder's layout; the engine reads this one alone. */
export const MANIFEST_FORMAT = 6;
export const MANIFEST_FILE = 'manifest.json';

/** The decoder's shapes (`scripts/train/model.py`). */
export interface ModelConfig {
  items: number;
  /** C, semantic-ID codes an item. */
  levels: number;
  /** Codes a level. */
  codebook: number;
  /** N, layers. */
  depth: number;
  /** k, layers that see the history. */
  registerDepth: number;
  /** Newest items that a token sees after layer k. */
  tail: number;
  width: number;
  heads: number;
  headDim: number;
  ffn: number;
  /** Most items of a history that are looked at. */
  window: number;
}

/** The layers before this one, from 0, are not for codes: with EARN they enter after layer k, without it in the first. */
export function firstCodeLayer({ registerDepth, depth }: ModelConfig): number {
  return registerDepth < depth ? registerDepth : 0;
}

/** How many of the newest items go through the layers after k when nothing is known of them: what S and `tail` items there rest on. */
export function nearItems({ registerDepth, depth, tail }: ModelConfig): number {
  return (depth - registerDepth) * tail;
}

export type GraphName = 'prefill' | 'score' | 'decode';

/** Where a model runs. */
export const BACKENDS = ['wasm', 'webgpu'] as const;
export type Backend = (typeof BACKENDS)[number];

/** How a state becomes a list; `model.ts` says what each does. */
export const DECODERS = ['latent', 'beam', 'hybrid'] as const;
export type DecoderName = (typeof DECODERS)[number];

/** One file of the model's folder. */
export interface ModelFile {
  path: string;
  bytes: number;
  sha256: string;
}

export interface Manifest {
  format: typeof MANIFEST_FORMAT;
  /** Hash over the config and every file: two models share it only if they are the same. */
  id: string;
  /** What the model was trained on, for people. */
  name: string;
  precision: 'int8' | 'float32';
  config: ModelConfig;
  /** The decoder that was best on validation: the one used unless a request names another. */
  decoder: DecoderName;
  /** How it was trained and what validation reached, as the training wrote it. */
  training: { seed: number; [flag: string]: unknown };
  validation: { parameters: number; [result: string]: unknown };
  graphs: Record<GraphName, ModelFile>;
  /**
   * What WebGPU runs in place of those, over the same weights. Not `score`: one row's product takes less time than its way
   * to the GPU and back.
   */
  webgpu: Record<'prefill' | 'decode', ModelFile>;
  /** The weights file in pieces, each at most 25 MiB (the limit of a static asset). */
  shards: ModelFile[];
  /** JSON array of `CatalogueItem`, in the order of the item indices. */
  catalogue: ModelFile;
  /** uint16 little-endian [items x levels], from which the trie is built. */
  semanticIds: ModelFile;
  /** int8 [items x any width], of which similar items are found (`item-vectors.ts`). */
  itemVectors: ModelFile;
}

export interface CatalogueItem {
  id: string;
  title: string;
  categories: string[];
  /** Interactions with it that the model was trained on. */
  count: number;
}

/** The graphs that a backend runs. */
export function graphsFor(backend: Backend, { graphs, webgpu }: Manifest): Record<GraphName, ModelFile> {
  return backend === 'webgpu' ? { ...graphs, ...webgpu } : graphs;
}

/** Throws ModelUnavailable when the bytes are no manifest of this version. */
export function parseManifest(bytes: Uint8Array): Manifest {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new ModelUnavailable('manifest_damaged', `${MANIFEST_FILE} is not JSON`);
  }
  if (manifest?.format !== MANIFEST_FORMAT) {
    const reason = `${MANIFEST_FILE} has format ${manifest?.format}, this engine reads ${MANIFEST_FORMAT}`;
    throw new ModelUnavailable('manifest_version', reason);
  }
  return manifest;
}
