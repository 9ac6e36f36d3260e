/** A manifest that is wrong is refused with the place that is wrong, before anything is made of it. */
import { expect, test } from 'vitest';
import { buildModel, withMemory } from '../../scripts/build/build-model.ts';
import { memorySource } from '../../scripts/node-model.ts';
import { sha256Hex } from '../../worker/engine/hex.ts';
import { writeTransitions } from '../../worker/memory/layout.ts';
import {
  filesOf,
  MANIFEST_FILE,
  MANIFEST_FORMAT,
  type Manifest,
  parseManifest,
} from '../../worker/models/manifest.ts';
import { loadModel } from '../../worker/models/model.ts';
import { TINY, testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

const memory = {
  file: writeTransitions(Array.from({ length: TINY.items }, () => [])),
  options: { newest: 20, decay: 0.5, smoothing: 0.01, weights: [1] },
};
const { files, manifest } = withMemory(buildModel(tinyCheckpoint(), 'tiny', 'int8'), memory);
const bytesOf = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));

/** The manifest with one value replaced, undefined to leave it out. */
function changed(path: string, value: unknown): unknown {
  const copy = structuredClone<unknown>(manifest);
  const keys = path.split('.');
  let at = copy as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[keys.at(-1)!] = value;
  return copy;
}

test('what was built is read as it is', () => {
  expect(parseManifest(files.get(MANIFEST_FILE)!)).toEqual({
    ...manifest,
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test('without a noun, as older models are, items are items', () => {
  expect(parseManifest(bytesOf(changed('noun', undefined))).noun).toBe('item');
  expect(() => parseManifest(bytesOf(changed('noun', '')))).toThrow('noun');
});

test('what a page says is checked with the place at fault', () => {
  const page = { heading: 'Next', colour: '#0b7a4b', images: ['https://cdn.example'], note: 'Old' };
  expect(parseManifest(bytesOf(changed('page', page))).page).toEqual(page);
  for (const wrong of [
    { colour: 'red' },
    { images: ['https://cdn.example; script-src *'] },
    { images: ['http://cdn.example'] },
    { examples: [{ name: 'Empty', items: [] }] },
    { title: 'No such field' },
  ]) {
    expect(() => parseManifest(bytesOf(changed('page', wrong))), JSON.stringify(wrong)).toThrow('page');
  }
});

test('it names every file of the folder, once', () => {
  const named = filesOf(manifest).map(({ path }) => path);
  expect([...named, MANIFEST_FILE].sort()).toEqual([...files.keys()].sort());
});

test.each<[string, unknown]>([
  ['id', 'c41e'],
  ['stateId', undefined],
  ['catalogueId', 7],
  ['precision', 'int4'],
  ['ranker', 'greedy'],
  ['config', null],
  ['config.depth', '4'],
  ['config.registerDepth', TINY.depth + 1],
  ['config.headDim', 15],
  ['config.localWindow', -1],
  ['config.slidingWindow', 0],
  ['config.contextWindow', undefined],
  ['training.seed', 'one'],
  ['graphs.decode', undefined],
  ['catalogue', undefined],
  ['semanticIds', undefined],
  ['itemTable', undefined],
  ['graphs.prefill.sha256', 'abc'],
  ['graphs.prefill.path', '../secrets'],
  ['webgpu.prefill.bytes', 0],
  ['shards', []],
  ['shards.0.bytes', 1.5],
  ['itemTable', {}],
  ['memory.shards', []],
  ['memory.decay', 1.5],
  ['memory.smoothing', 0],
  ['memory.weights', []],
  ['memory.weights.0', -1],
])('%s = %j: manifest_damaged, and the path is named', (path, value) => {
  const named = path.replace(/\.(\d+)/, '[$1]');
  expect(() => parseManifest(bytesOf(changed(path, value)))).toThrow(
    expect.objectContaining({ reason: 'manifest_damaged', message: expect.stringContaining(`: ${named}: `) }),
  );
});

test('sizes that the shapes do not lead to are damage, too', () => {
  for (const [path, value, named] of [
    ['config.items', TINY.items + 1, 'semanticIds.bytes'],
    ['config.width', TINY.width + 2, 'itemTable'],
    ['precision', 'float32', 'itemTable'],
  ] as const) {
    expect(() => parseManifest(bytesOf(changed(path, value)))).toThrow(
      expect.objectContaining({ reason: 'manifest_damaged', message: expect.stringContaining(named) }),
    );
  }
});

test.each([null, 7, [], 'manifest', {}, { ...manifest, format: 'seven' }])(
  'JSON that is no manifest at all: %j',
  (json) => {
    expect(() => parseManifest(bytesOf(json))).toThrow(
      expect.objectContaining({ reason: 'manifest_damaged' }),
    );
  },
);

test('a key that this format does not have', () => {
  const other = { ...manifest, decoder: 'latent' };
  expect(() => parseManifest(bytesOf(other))).toThrow(
    expect.objectContaining({ reason: 'manifest_damaged', message: expect.stringContaining('decoder') }),
  );
});

test('another format is told apart from damage, whatever else it has', () => {
  for (const format of [MANIFEST_FORMAT - 1, MANIFEST_FORMAT + 1]) {
    expect(() => parseManifest(bytesOf({ format, news: true }))).toThrow(
      expect.objectContaining({ reason: 'manifest_version', message: expect.stringContaining(`${format}`) }),
    );
  }
});

/** The model with another file, and a manifest that has its size and hash. */
async function withFile(key: 'catalogue' | 'semanticIds', bytes: Uint8Array<ArrayBuffer>) {
  const { path } = manifest[key]!;
  const entry = { path, bytes: bytes.length, sha256: await sha256Hex(bytes) };
  const other: Manifest = { ...manifest, [key]: entry };
  return memorySource(new Map(files).set(path, bytes).set(MANIFEST_FILE, bytesOf(other)));
}

test('a catalogue of another length, and semantic IDs that are no trie, are damage as well', async () => {
  const damage = { reason: 'manifest_damaged' };
  const short = bytesOf(tinyCheckpoint().items.slice(1));
  const message = expect.stringContaining(`${TINY.items - 1} items`);
  await expect(loadModel(await withFile('catalogue', short), testRuntime)).rejects.toMatchObject({
    ...damage,
    message,
  });
  const text = bytesOf('no list');
  await expect(loadModel(await withFile('catalogue', text), testRuntime)).rejects.toMatchObject(damage);
  const equal = new Uint8Array(manifest.semanticIds!.bytes);
  await expect(loadModel(await withFile('semanticIds', equal), testRuntime)).rejects.toMatchObject(damage);
  const beyond = new Uint8Array(manifest.semanticIds!.bytes).fill(TINY.codebook);
  await expect(loadModel(await withFile('semanticIds', beyond), testRuntime)).rejects.toMatchObject(damage);
});
