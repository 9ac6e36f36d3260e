/** The playground reads attention from the prefill graph by more outputs; the state stays the same. */
import { expect, test } from 'vitest';
import { buildModel } from '../../scripts/build/build-model.ts';
import { randomCheckpoint } from '../../scripts/build/random-checkpoint.ts';
import { memorySource, nodeRuntime } from '../../scripts/node-model.ts';
import { attentionOf, withAttention } from '../../worker/demo/attention.ts';
import { WEIGHTS_FILE } from '../../worker/engine/config.ts';
import type { Fetches } from '../../worker/engine/runtime.ts';
import { loadModel } from '../../worker/models/model.ts';

test.each([{ registerDepth: 2 }, { registerDepth: 2, slidingWindow: 5 }])(
  'each layer shares one out over what it sees (%o)',
  async (shape) => {
    const config = {
      items: 40,
      levels: 2,
      codebook: 16,
      depth: 4,
      localWindow: 3,
      width: 32,
      heads: 2,
      headDim: 16,
      ffn: 64,
      contextWindow: 32,
      ...shape,
    };
    const { files, manifest } = buildModel(randomCheckpoint(config), 'test', 'int8');
    const runtime = nodeRuntime();
    const model = await loadModel(memorySource(files), runtime);
    const graph = withAttention(files.get('prefill.onnx')!, config.depth);
    const weights = files.get(manifest.shards[0].path)!;
    const session = await runtime.createSession(graph, { [WEIGHTS_FILE]: weights });
    let seen: Fetches = {};
    const watching = {
      run: async (...args: Parameters<typeof runtime.run>) => {
        seen = await runtime.run(...args);
        return seen;
      },
      release: runtime.release.bind(runtime),
    };
    for (const length of [1, 2, 20]) {
      const vectors = model.itemTable().rows(Array.from({ length }, (_, i) => i));
      const state = await model.decoder.withPrefill(session, watching).prefill(vectors);
      expect(state).toEqual(await model.decoder.prefill(vectors));
      const layers = attentionOf(seen, config, length);
      expect(layers).toHaveLength(config.depth);
      for (const [layer, { prefix, items, suffix }] of layers.entries()) {
        const sum = items.reduce((sum: number, weight) => sum + (weight ?? 0), prefix + suffix);
        expect(sum).toBeCloseTo(1, 5);
        const visible = items.map((weight) => weight !== null);
        const window = layer < config.registerDepth ? shape.slidingWindow : config.localWindow;
        const all = layer === config.registerDepth - 1 || window === undefined;
        const from = all ? 0 : length - window;
        expect(visible).toEqual(items.map((_, item) => item >= from));
      }
    }
  },
);
