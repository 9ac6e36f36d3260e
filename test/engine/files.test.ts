/** A model folder that is not what its manifest says is refused by name. */
import { expect, test } from 'vitest';
import { buildModel } from '../../scripts/build/build-model.ts';
import { memorySource } from '../../scripts/node-model.ts';
import { MANIFEST_FILE, MANIFEST_FORMAT } from '../../worker/models/manifest.ts';
import { loadModel } from '../../worker/models/model.ts';
import { testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

const { files, manifest } = buildModel(tinyCheckpoint(), 'tiny', 'int8');
/** Some graphs are read only for WebGPU. */
const gpuOnly = Object.values(manifest.webgpu).map(({ path }) => path);
const read = [...files.keys()].filter((path) => !gpuOnly.includes(path));
const load = (changed: Map<string, Uint8Array>) => loadModel(memorySource(changed), testRuntime);

test.each(read)('%s missing', async (path) => {
  const changed = new Map(files);
  changed.delete(path);
  await expect(load(changed)).rejects.toMatchObject({
    reason: 'asset_missing',
    message: expect.stringContaining(path),
  });
});

test.each(read.filter((path) => path !== MANIFEST_FILE))(
  '%s with one flipped bit, or cut short',
  async (path) => {
    const flipped = files.get(path)!.slice();
    flipped[flipped.length >> 1] ^= 1;
    for (const bytes of [flipped, files.get(path)!.slice(0, -1), new Uint8Array()]) {
      const expected = { reason: 'asset_damaged', message: expect.stringContaining(path) };
      await expect(load(new Map(files).set(path, bytes))).rejects.toMatchObject(expected);
    }
  },
);

test('a manifest that is no JSON, or of another format', async () => {
  const other = Buffer.from(JSON.stringify({ ...manifest, format: MANIFEST_FORMAT + 1 }));
  await expect(load(new Map(files).set(MANIFEST_FILE, other))).rejects.toMatchObject({
    reason: 'manifest_version',
  });
  const broken = Buffer.from('<html>');
  await expect(load(new Map(files).set(MANIFEST_FILE, broken))).rejects.toMatchObject({
    reason: 'manifest_damaged',
  });
});

test('the files as they were built load', async () => {
  const model = await load(files);
  expect(model.catalogue.indexOf('item-7')).toBe(7);
  expect(model.catalogue.indexOf('nothing')).toBeUndefined();
});

test('after the manifest all files are asked for at once: a load waits for two round trips', async () => {
  const source = memorySource(files);
  const asked: string[][] = [[]];
  const far = {
    async read(path: string) {
      asked.at(-1)!.push(path);
      await new Promise((resolve) => setTimeout(resolve)); // meanwhile the others ask
      if (asked.at(-1)!.length > 0) asked.push([]);
      return source.read(path);
    },
  };
  await loadModel(far, testRuntime);
  expect(asked.filter(({ length }) => length > 0)).toHaveLength(2);
});
