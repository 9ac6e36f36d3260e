/** `npm run keys`: what is printed opens a service, what is kept does not. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sign } from 'hono/jwt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { command } from '../../scripts/keys/main.ts';
import { Access } from '../../worker/access/access.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earn-edge-keys-'));
  file = join(folder, 'keys.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function keys(...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  await command.execute([...args, '--file', file], (line) => lines.push(line));
  return lines;
}

/** A deployment with the file as its secret. */
const deployed = () => new Access({ ACCESS: 'keys', EXPOSE: '', API_KEYS: readFileSync(file, 'utf8') });

test('a key opens what its options say until it is revoked', async () => {
  const [, key, last] = await keys('make', '--scopes', 'read', '--tenant', 'shop', '--users', 'web-');
  const { id } = JSON.parse(last);
  const holder = { tenant: 'shop', key: id, may: ['read'], users: { prefix: 'web-' } };
  expect(await deployed().holder(key)).toEqual(holder);
  const [, second] = await keys('make');
  expect(await deployed().holder(key)).toEqual(holder);
  expect(await deployed().holder(second)).toMatchObject({ tenant: 'default', may: ['read', 'write'] });
  await keys('revoke', id);
  expect(await deployed().holder(key)).toBeNull();
  expect(await deployed().holder(second)).not.toBeNull();
});

test('a signing key signs for one user', async () => {
  const [, printed] = await keys('make', '--signing', '--name', 'pages');
  const claims = { sub: 'ada', exp: Math.floor(Date.now() / 1000) + 60 };
  const token = await sign(claims, JSON.parse(printed), 'ES256');
  expect(await deployed().holder(token)).toMatchObject({ users: { only: 'ada' } });
});

test('the file holds nothing that opens the service', async () => {
  const [, key] = await keys('make');
  const [, pair] = await keys('make', '--signing');
  const kept = readFileSync(file, 'utf8');
  const [, secret] = /^[^_]+_[^_]+_(.+)$/.exec(key)!;
  expect(kept).not.toContain(secret);
  expect(kept).not.toContain(JSON.parse(pair).d);
});

test('the list says whose they are, and which have expired', async () => {
  await keys('make', '--name', 'till', '--days', '1');
  const [line] = await keys('list');
  expect(line).toMatch(/^[0-9a-f]{8} {2}key {2}default {2}read\+write {2}expires .* {2}till$/);
});

test.each([
  [['make', '--tenant', 'two words'], /tenant/],
  [['make', '--tenant', 'Shop'], /tenant/],
  [['revoke', 'nobody'], /has no key nobody/],
  [['revoke'], /needs the id/],
  [['destroy'], /expected make, list or revoke/],
  [['list', 'more'], /unexpected argument: more/],
])('%j is a mistake that is named', async (args, message) => {
  await expect(keys(...args)).rejects.toThrow(message);
});

test('more keys than fit a secret are refused, and those that were there stay', async () => {
  const many = async () => {
    for (;;) await keys('make', '--name', 'x'.repeat(1000));
  };
  await expect(many()).rejects.toThrow(/5120 bytes/);
  expect(JSON.parse((await keys('list')).at(-1)!).keys).toBe(4);
});
