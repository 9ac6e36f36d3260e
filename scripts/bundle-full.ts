/**
 * What the playground compares with: the model's decoder without EARN (k = N), which reads the whole history
 * in every layer. Its weights are random: they take the same time, and no list is made of them.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelConfig } from '../worker/engine/config.ts';
import type { Manifest } from '../worker/models/manifest.ts';
import { buildModel } from './build/build-model.ts';
import { randomCheckpoint } from './build/random-checkpoint.ts';

/** Of the few items that the checkpoint has to have; the page brings the vectors of the model's. */
const ITEMS = 64;

/** Writes `prefill.onnx`, `weights.bin` and `config.json` unless they are there for this model's shape. */
export function placeFull(model: string, folder: string): void {
  const manifest = manifestOf(model);
  if (!manifest) return;
  const { config, precision } = manifest;
  const full: ModelConfig = { ...config, items: ITEMS, registerDepth: config.depth, localWindow: 0 };
  const text = JSON.stringify({ config: full, precision });
  const stamp = join(folder, 'config.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === text) return;
  const { files, manifest: built } = buildModel(randomCheckpoint(full), 'full', precision);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'prefill.onnx'), files.get('prefill.onnx')!);
  writeFileSync(join(folder, 'weights.bin'), Buffer.concat(built.shards.map(({ path }) => files.get(path)!)));
  writeFileSync(stamp, text);
}

/** A model that can't be read is the service's to report. */
function manifestOf(model: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(model, 'manifest.json'), 'utf8'));
  } catch {
    return undefined;
  }
}
