/** A checkpoint as the folder that the engine loads: graphs, weight shards, catalogue, semantic IDs, item vectors, manifest. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  MANIFEST_FILE,
  MANIFEST_FORMAT,
  type Manifest,
  type ModelFile,
} from '../../worker/models/manifest.ts';
import type { ArithmeticKind } from './arithmetic.ts';
import type { Checkpoint } from './checkpoint.ts';
import { decodeGraph, prefillGraph, scoreGraph } from './earn-graphs.ts';
import { Weights } from './graph.ts';
import { quantizeRows } from './quantize.ts';
import { referenceTokens, runReference } from './reference.ts';
import { servingWeights } from './weights.ts';

/** The largest static asset: https://developers.cloudflare.com/workers/platform/limits/#static-assets */
const SHARD_BYTES = 25 * 1024 * 1024;

/** Every file by name, and the manifest that names them. */
export interface BuiltModel {
  manifest: Manifest;
  files: Map<string, Uint8Array>;
}

/** `shardBytes` is the most that a piece of the weights may have. */
export function buildModel(
  checkpoint: Checkpoint,
  name: string,
  precision: Manifest['precision'],
  shardBytes = SHARD_BYTES,
): BuiltModel {
  const weights = servingWeights(checkpoint);
  const prefix = runReference(weights, referenceTokens(weights, [], []).slice(0, 1));
  const prefixKeyValues = prefix.keyValues.map(([row]) => Float32Array.from(row!));
  const store = new Weights();
  const files = new Map<string, Uint8Array>();
  const file = (path: string, bytes: Uint8Array): ModelFile => {
    files.set(path, new Uint8Array(bytes)); // not Node's Buffer, whose slices are views
    return { path, bytes: bytes.length, sha256: sha256(bytes) };
  };

  const options = (arithmetic: ArithmeticKind) => ({ weights, prefixKeyValues, arithmetic, store });
  const graphs = {
    prefill: file('prefill.onnx', prefillGraph(options(precision))),
    score: file('score.onnx', scoreGraph(options(precision))),
    decode: file('decode.onnx', decodeGraph(options(precision))),
  };
  const gpu = options(precision === 'int8' ? 'webgpu' : 'float32');
  const webgpu = {
    prefill: file('prefill.webgpu.onnx', prefillGraph(gpu)),
    decode: file('decode.webgpu.onnx', decodeGraph(gpu)),
  };
  const bytes = store.bytes();
  const shards: ModelFile[] = [];
  for (let start = 0; start < bytes.length; start += shardBytes) {
    shards.push(file(`weights-${shards.length}.bin`, bytes.subarray(start, start + shardBytes)));
  }
  const catalogue = file('catalogue.json', json(checkpoint.items));
  const semanticIds = file(
    'semantic-ids.bin',
    new Uint8Array(Uint16Array.from(checkpoint.semanticIds).buffer),
  );
  const { config, ranker } = checkpoint;
  const itemVectors = file('item-vectors.bin', new Uint8Array(quantizeRows(weights.history).data.buffer));
  const content = { precision, config, ranker, graphs, webgpu, shards, catalogue, semanticIds, itemVectors };
  const { items: _, ...shapes } = config;
  const ids = checkpoint.items.map((item) => item.id);
  const prefills = [graphs.prefill.sha256, webgpu.prefill.sha256];
  const hash = (value: unknown) => sha256(json(value)).slice(0, 16);
  const manifest: Manifest = {
    format: MANIFEST_FORMAT,
    id: hash(content),
    stateId: hash([precision, shapes, prefills, shards.map((shard) => shard.sha256), ids]),
    catalogueId: catalogue.sha256.slice(0, 16),
    name,
    ...content,
    validation: checkpoint.validation,
    training: checkpoint.training,
  };
  files.set(MANIFEST_FILE, json(manifest, 2));
  return { manifest, files };
}

/** Replaces the files of an earlier model in `folder`; the manifest comes last, so a reader never trusts half a model. */
export function writeModel(model: BuiltModel, folder: string): void {
  mkdirSync(folder, { recursive: true });
  rmSync(join(folder, MANIFEST_FILE), { force: true });
  for (const old of readdirSync(folder)) {
    if (/\.(onnx|bin)$|^catalogue\.json$/.test(old) && !model.files.has(old)) rmSync(join(folder, old));
  }
  for (const [path, bytes] of model.files) {
    writeFileSync(join(folder, `${path}.part`), bytes);
    renameSync(join(folder, `${path}.part`), join(folder, path));
  }
}

function json(value: unknown, indent?: number): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, indent)}\n`);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
