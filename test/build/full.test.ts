/** What the playground compares with: a trained decoder that fits, else a random one of the same shape. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildModel, writeModel } from '../../scripts/build/build-model.ts';
import { randomCheckpoint } from '../../scripts/build/random-checkpoint.ts';
import { placeFull } from '../../scripts/bundle-full.ts';
import { folderSource, nodeRuntime } from '../../scripts/node-model.ts';
import { loadModel } from '../../worker/models/model.ts';

const CONFIG = {
  items: 20,
  levels: 2,
  codebook: 16,
  depth: 3,
  registerDepth: 1,
  localWindow: 2,
  width: 16,
  heads: 2,
  headDim: 8,
  ffn: 32,
  contextWindow: 16,
};

let model: string;
let placed: string;
beforeEach(() => {
  model = mkdtempSync(join(tmpdir(), 'earn-edge-full-'));
  placed = join(model, 'runtime', 'full');
  write(model, CONFIG);
});
afterEach(() => rmSync(model, { recursive: true }));

const write = (folder: string, config: typeof CONFIG) =>
  writeModel(buildModel(randomCheckpoint(config), 'test', 'int8'), folder);
const without = (config: typeof CONFIG) => ({ ...config, registerDepth: config.depth, localWindow: 0 });
const shapeOf = async (folder: string) =>
  (await loadModel(folderSource(folder), nodeRuntime())).manifest.config;

test('random weights of the same shape stand in, and follow the model to another shape', async () => {
  placeFull(model, placed);
  expect(await shapeOf(placed)).toEqual({ ...without(CONFIG), items: 64 });
  write(model, { ...CONFIG, depth: 4 });
  placeFull(model, placed);
  expect((await shapeOf(placed)).depth).toBe(4);
});

test('a trained one takes their place as long as it is of the same catalogue', async () => {
  placeFull(model, placed);
  write(join(model, 'full'), without(CONFIG));
  placeFull(model, placed);
  expect(existsSync(placed)).toBe(false);
  write(model, { ...CONFIG, items: 21 }); // trained anew, on one more item
  placeFull(model, placed);
  expect((await shapeOf(placed)).registerDepth).toBe(CONFIG.depth);
});
