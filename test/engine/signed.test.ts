/** A model folder that was changed by hand, or by someone else. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { buildModel, writeModel } from '../../scripts/build/build-model.ts';
import { folderSource, memorySource } from '../../scripts/node-model.ts';
import { command } from '../../scripts/sign/main.ts';
import { readManifest } from '../../worker/models/files.ts';
import { MANIFEST_FILE } from '../../worker/models/manifest.ts';
import { SIGNATURE_FILE, signed } from '../../worker/models/signed.ts';
import { tinyCheckpoint } from '../fixtures/tiny-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'earn-edge-signed-'));
afterAll(() => rmSync(folder, { recursive: true }));
const model = buildModel(tinyCheckpoint(), 'tiny', 'int8');

test('other weights under an old id are refused', async () => {
  const other = buildModel(tinyCheckpoint({}, 2), 'tiny', 'int8');
  const mixed = { ...JSON.parse(new TextDecoder().decode(model.files.get(MANIFEST_FILE))) };
  mixed.shards = other.manifest.shards;
  const files = new Map(other.files).set(MANIFEST_FILE, Buffer.from(JSON.stringify(mixed)));
  const refused = { reason: 'manifest_damaged', message: expect.stringContaining('not what was built') };
  await expect(readManifest(memorySource(files))).rejects.toMatchObject(refused);
});

test('the order of a manifest’s fields says nothing', async () => {
  const manifest = JSON.parse(new TextDecoder().decode(model.files.get(MANIFEST_FILE)));
  const turned = Object.fromEntries(Object.entries(manifest).reverse());
  const files = new Map(model.files).set(MANIFEST_FILE, Buffer.from(JSON.stringify(turned)));
  expect((await readManifest(memorySource(files))).id).toBe(model.manifest.id);
});

test('a deployment with a key reads a model that the key has signed, and no other', async () => {
  writeModel(model, folder);
  const read = (publicKey?: string) => readManifest(signed(folderSource(folder), publicKey));
  const sign = async (...args: string[]) => {
    const lines: string[] = [];
    await command.execute(['--model', folder, ...args], (line) => lines.push(line));
    return JSON.parse(lines.at(-1)!).public_key as string;
  };
  const [ours, theirs] = [join(folder, 'ours.jwk'), join(folder, 'theirs.jwk')];
  const stranger = await sign('--key', theirs, '--new');
  const key = await sign('--key', ours, '--new');
  expect((await read(key)).id).toBe(model.manifest.id);
  expect((await read()).id).toBe(model.manifest.id);
  await expect(read(stranger)).rejects.toMatchObject({ reason: 'signature_wrong' });

  const path = join(folder, MANIFEST_FILE);
  writeFileSync(path, `${readFileSync(path, 'utf8')} `);
  await expect(read(key)).rejects.toMatchObject({ reason: 'signature_wrong' });
  await sign('--key', ours);
  expect((await read(key)).id).toBe(model.manifest.id);
  rmSync(join(folder, SIGNATURE_FILE));
  await expect(read(key)).rejects.toMatchObject({ reason: 'signature_wrong' });

  await expect(sign('--key', ours, '--new')).rejects.toThrow('exists already');
  await expect(sign('--key', join(folder, 'none.jwk'))).rejects.toThrow('does not exist');
  await expect(sign('--key', path)).rejects.toThrow('no private key');
});
