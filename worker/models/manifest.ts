/** `manifest.json`: what `npm run build:model` says of the folder that it writes. */
import type { Backend, GraphName, ModelConfig } from '../engine/config.ts';
import { ModelUnavailable } from '../engine/errors.ts';

/** Version of the folder's layout. Only this one is read. */
export const MANIFEST_FORMAT = 7;
export const MANIFEST_FILE = 'manifest.json';

/** Ways to turn a state into a list. */
export const RANKERS = ['latent', 'beam', 'hybrid'] as const;
export type RankerName = (typeof RANKERS)[number];

/** One file of the model's folder. */
export interface ModelFile {
  path: string;
  bytes: number;
  sha256: string;
}

export interface Manifest {
  format: typeof MANIFEST_FORMAT;
  /** Hash of the whole model. */
  id: string;
  /** Hash of what a user's state depends on: as long as it stays the same, stored states stay valid. */
  stateId: string;
  /** Hash of the items' ids, titles, categories and counts. */
  catalogueId: string;
  /** What the model was trained on, for people. */
  name: string;
  precision: 'int8' | 'float32';
  config: ModelConfig;
  /** The best one on validation, used unless a request names another. */
  ranker: RankerName;
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
