/** The folders that the bench Worker reads: the models that are compared, and a graph of bare products. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ModelConfig, WEIGHTS_FILE } from '../../worker/engine/config.ts';
import { filesOf, type Manifest, type ModelFile, parseManifest } from '../../worker/models/manifest.ts';
import { ITEM_SHARDS, laterFilesOf } from '../../worker/models/shards.ts';
import { buildModel, withMemory, writeModel } from '../build/build-model.ts';
import type { Checkpoint } from '../build/checkpoint.ts';
import { Graph, Weights } from '../build/graph.ts';
import { randomCheckpoint } from '../build/random-checkpoint.ts';
import { type CodesRun, shapeWithoutEarn } from '../build/without-earn.ts';

/** Products in a row: enough that what a run costs beside them vanishes. */
const CHAIN = 16;

export function readManifestOf(folder: string): Manifest {
  return parseManifest(readFileSync(join(folder, 'manifest.json')));
}

/** The ids of a model's items, in the order of their indices. */
export function itemIdsOf(folder: string): string[] {
  const manifest = readManifestOf(folder);
  const { catalogue } = manifest;
  if (catalogue === undefined) return largeItemIds(folder, manifest);
  const items: { id: string }[] = JSON.parse(readFileSync(join(folder, catalogue.path), 'utf8'));
  return items.map(({ id }) => id);
}

function largeItemIds(folder: string, manifest: Manifest): string[] {
  const files = laterFilesOf(manifest).filter((path) => path.endsWith(ITEM_SHARDS.extension));
  return files.flatMap((path) =>
    readFileSync(join(folder, path), 'utf8')
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id),
  );
}

/** A model's files, without what else its folder holds. */
export function placeModel(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  const manifest = readManifestOf(from);
  const paths = filesOf(manifest, ['wasm']).map(({ path }) => path);
  for (const path of [...paths, ...laterFilesOf(manifest)]) cpSync(join(from, path), join(to, path));
  cpSync(join(from, 'manifest.json'), join(to, 'manifest.json'));
}

/**
 * The decoder of the model in `from` without EARN, k = N: its weights are random, which takes the same time,
 * but catalogue and semantic IDs are the model's own, so that a search has the same work.
 */
export function withoutEarn(from: string, codes: CodesRun = 'all layers'): Checkpoint {
  const { config, catalogue, semanticIds } = readManifestOf(from);
  const ids = readFileSync(join(from, semanticIds!.path));
  return {
    ...randomCheckpoint(shapeWithoutEarn(config, codes)),
    items: JSON.parse(readFileSync(join(from, catalogue!.path), 'utf8')),
    semanticIds: Int32Array.from(new Uint16Array(ids.buffer, ids.byteOffset, ids.length / 2)),
  };
}

/** That decoder as a model, with the same memory beside it. */
export function placeWithoutEarn(from: string, to: string, codes?: CodesRun): void {
  const { name, memory } = readManifestOf(from);
  const built = buildModel(withoutEarn(from, codes), name, 'int8');
  writeModel(memory ? withMemory(built, memoryIn(from, memory)) : built, to);
}

/** @throws an Error for a memory that is read row by row */
function memoryIn(
  folder: string,
  { shards, affinities, rows: _, ...options }: NonNullable<Manifest['memory']>,
) {
  if (shards === undefined)
    throw new Error('no decoder without EARN has rows of a large catalogue beside it');
  const fileOf = (pieces: readonly ModelFile[]) =>
    new Uint8Array(Buffer.concat(pieces.map(({ path }) => readFileSync(join(folder, path)))));
  if (affinities === undefined) return { file: fileOf(shards), options };
  const { shards: pieces, ...more } = affinities;
  return { file: fileOf(shards), options, affinities: { file: fileOf(pieces), options: more } };
}

/** `empty.onnx`: what the runtime needs to start and no more. */
export function placeEmpty(folder: string): void {
  const graph = new Graph('empty', new Weights());
  graph.output(graph.input('input', 'float32', [1]), 'output', 'float32', [1]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'empty.onnx'), graph.encode());
}

/** `peak.onnx`: a chain of int8 products with the shapes of the SwiGLU. Returns its operations a row. */
export function placePeak({ width, ffn }: ModelConfig, folder: string): number {
  const weights = new Weights();
  const graph = new Graph('peak', weights);
  const floats = (...data: number[]) => {
    const dims = data.length === 1 ? [] : [data.length];
    return graph.constant('scale', { type: 'float32', dims, data: Float32Array.from(data) });
  };
  const zero = graph.constant('zero', { type: 'uint8', dims: [], data: Uint8Array.of(128) });
  let value = graph.input('input', 'float32', ['rows', width]);
  for (let i = 0; i < CHAIN; i++) {
    const [inputs, outputs] = i % 2 === 0 ? [width, 2 * ffn] : [2 * ffn, width];
    const data = Int8Array.from({ length: inputs * outputs }, (_, j) => (((j + i) * 37) % 255) - 127);
    const weight = graph.constant('weight', { type: 'int8', dims: [inputs, outputs], data });
    const scales = floats(...new Array<number>(outputs).fill(1e-4));
    const quantized = graph.node('QuantizeLinear', [value, floats(0.1), zero]);
    value = graph.node('com.microsoft.MatMulIntegerToFloat', [quantized, weight, floats(0.1), scales, zero]);
  }
  graph.output(value, 'output', 'float32', ['rows', width]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'peak.onnx'), graph.encode());
  writeFileSync(join(folder, WEIGHTS_FILE), weights.bytes());
  return CHAIN * 2 * width * 2 * ffn;
}
