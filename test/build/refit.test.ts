/** The model of a refit: validation's choices, and counts of everything before the test items. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type BuiltModel,
  buildModel,
  withDefaults,
  withFollowed,
  withMemory,
} from '../../scripts/build/build-model.ts';
import { readRefit } from '../../scripts/build/checkpoint.ts';
import { buildMemory } from '../../scripts/build/memory/build-memory.ts';
import { withChoices } from '../../scripts/build/refit.ts';
import { memorySource } from '../../scripts/node-model.ts';
import { readTransitions } from '../../worker/memory/layout.ts';
import { loadModel } from '../../worker/models/model.ts';
import { TINY, testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';
import { walks } from '../fixtures/walks.ts';

test('a refit is served with what validation chose, and counts the validation items too', async () => {
  const far = (walk: readonly number[]) => (walk.at(-1)! + 25) % TINY.items; // where no walk goes by itself
  const dataset = walks(60, (walk) => [far(walk), walk.at(-1)!]);
  const plain = buildModel(tinyCheckpoint(), 'tiny', 'int8');
  const memory = await buildMemory(await loadModel(memorySource(plain.files), testRuntime), dataset);
  const defaults = { ranker: 'hybrid', includeSeen: true } as const;
  const chosen = withFollowed(withDefaults(withMemory(plain, memory), defaults), 0.5);
  const refit = buildModel({ ...tinyCheckpoint({}, 2), isRefit: true }, 'tiny', 'int8');
  const served = await withChoices(refit, chosen, dataset, memory);

  const { manifest } = served;
  const { shards: _, ...options } = chosen.manifest.memory!;
  expect(manifest).toMatchObject({ ...defaults, refit: true, stateId: refit.manifest.stateId });
  expect(manifest.memory).toMatchObject(options);
  expect(manifest.words!.followed).toBe(0.5);
  const jumps = (of: BuiltModel) => {
    const { starts, successors } = readTransitions(of.files.get('memory-0.bin')!.slice(), TINY.items);
    const pairs = [...starts.keys()].flatMap((item) =>
      [...successors.subarray(starts[item], starts[item + 1])].map(
        (to) => (to - item + TINY.items) % TINY.items,
      ),
    );
    return pairs.filter((step) => step === 25).length;
  };
  expect(jumps(chosen)).toBe(0);
  expect(jumps(served)).toBeGreaterThan(10);
});

test('a refit of other weights is refused; a checkpoint may have none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'earn-edge-refit-'));
  try {
    expect(readRefit(folder)).toBeUndefined();
    const weights = (shape: number[]) => {
      const header = Buffer.from(
        JSON.stringify({ semantic_ids: { dtype: 'I32', shape, data_offsets: [0, 4] } }),
      );
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      return Buffer.concat([length, header, Buffer.alloc(4)]);
    };
    const before = weights([1, 1]);
    const config = {
      model: { items: 1, local_window: 0 },
      training: {},
      validation: {},
      activations: {},
      refit_of: createHash('sha256').update(before).digest('hex'),
    };
    mkdirSync(join(folder, 'refit'));
    writeFileSync(join(folder, 'refit', 'config.json'), JSON.stringify(config));
    writeFileSync(join(folder, 'refit', 'items.jsonl'), '{"id": "a", "count": 7}\n');
    writeFileSync(join(folder, 'refit', 'model.safetensors'), weights([1, 1]));
    writeFileSync(join(folder, 'model.safetensors'), before);
    expect(readRefit(folder)!.items[0].count).toBe(7);
    writeFileSync(join(folder, 'model.safetensors'), weights([1]));
    expect(() => readRefit(folder)).toThrow('npm run refit again');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
