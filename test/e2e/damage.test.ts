/** A deployment whose files are damaged says so, and answers again when they are right: no restart. */
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Server, startServer } from '../../scripts/local-service.ts';

let folder: string;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earn-edge-model-'));
  cpSync('model-shards', folder, { recursive: true });
  const shard = readFileSync(join(folder, 'weights-0.bin'));
  renameSync(join(folder, 'weights-0.bin'), join(folder, 'intact'));
  shard[1000] ^= 1;
  writeFileSync(join(folder, 'weights-0.bin'), shard);
  server = await startServer({ model: folder });
});

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function recommend(): Promise<Response> {
  return fetch(`${server.url}/v1/recommendations`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ history: ['1'] }),
  });
}

test('503 with the reason while a shard is damaged, 200 once it is replaced', async () => {
  const refused = await recommend();
  expect(refused.status).toBe(503);
  expect(refused.headers.get('content-type')).toContain('application/problem+json');
  expect(await refused.json()).toMatchObject({
    code: 'model_unavailable',
    reason: 'asset_damaged',
    detail: expect.stringContaining('weights-0.bin'),
  });
  renameSync(join(folder, 'intact'), join(folder, 'weights-0.bin'));
  await expect.poll(async () => (await recommend()).status, { timeout: 60_000, interval: 1000 }).toBe(200);
  expect((await (await recommend()).json()).items).toHaveLength(10);
});
