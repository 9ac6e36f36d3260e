/**
 * Out of the service again: what visitors did comes back as a log, through a queue and a bucket as Cloudflare
 * has them, and is what `npm run data` reads.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Server, startServer } from '../../scripts/local-service.ts';
import { withOutbox } from './outbox.ts';

const outbox = withOutbox();
let folder: string;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earn-edge-export-'));
  server = await startServer({ wrangler: outbox.flags });
});

afterAll(async () => {
  await server?.stop();
  outbox.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function append(user: string, items: object[]): Promise<void> {
  const response = await fetch(`${server.url}/v1/users/${user}/interactions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ items }),
  });
  expect(response.status).toBe(201);
}

/** The rows of an export, without its header. */
function exported(): string[] {
  const out = join(folder, 'log.csv');
  execFileSync(process.execPath, ['scripts/export/main.ts', '--url', server.url, '--out', out]);
  return readFileSync(out, 'utf8').trimEnd().split('\n').slice(1);
}

test('every event comes back once, in its order, but for those of a deleted user', async () => {
  const users = Array.from({ length: 20 }, (_, i) => `user-${i}`);
  const events = (user: string) =>
    Array.from({ length: 30 }, (_, i) => ({
      id: `${user}-${i}`,
      timestamp: 1000 + i,
      type: i % 2 ? 'buy' : 'view',
    }));
  await Promise.all(
    users.map(async (user) => {
      const all = events(user);
      for (let at = 0; at < all.length; at += 7) await append(user, all.slice(at, at + 7));
    }),
  );
  const deleted = await fetch(`${server.url}/v1/users/user-3`, { method: 'DELETE' });
  expect(deleted.ok).toBe(true);
  await append('user-3', [{ id: 'again', timestamp: 5000 }]);
  // One event is returned, and a visitor signs in.
  const page = await fetch(`${server.url}/v1/users/user-5/interactions?limit=1`);
  const { items } = (await page.json()) as { items: { position: string }[] };
  const back = `${server.url}/v1/users/user-5/interactions/${items[0].position}`;
  expect((await fetch(back, { method: 'DELETE' })).status).toBe(204);
  await append('user-5', [{ id: 'later', timestamp: 6000 }]);
  await append('guest', [{ id: 'seen', timestamp: 7000 }]);
  const merged = await fetch(`${server.url}/v1/users/user-9/merge`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ from: 'guest' }),
  });
  expect(await merged.json()).toMatchObject({ merged: 1, length: 31 });

  const expected = users
    .filter((user) => user !== 'user-3')
    .flatMap((user) => events(user).map(({ id, timestamp, type }) => `${user},${id},${timestamp}.0,${type}`));
  expected.splice(expected.indexOf('user-5,user-5-29,1029.0,buy'), 1);
  expected.push('user-3,again,5000.0,', 'user-5,later,6000.0,', 'user-9,seen,7000.0,');
  // A batch waits for some seconds before it is archived.
  await expect
    .poll(() => exported().toSorted(), { timeout: 120_000, interval: 3000 })
    .toEqual(expected.toSorted());

  const rows = exported().filter((row) => row.startsWith('user-7,'));
  expect(rows).toEqual(expected.filter((row) => row.startsWith('user-7,')));
  const parquet = join(folder, 'log.parquet');
  execFileSync(process.execPath, ['scripts/export/main.ts', '--url', server.url, '--out', parquet]);
  const data = [
    'scripts/data/main.ts',
    'csv',
    '--from',
    parquet,
    '--out',
    join(folder, 'data'),
    '--target',
    'buy',
  ];
  const printed = execFileSync(process.execPath, data, { encoding: 'utf8' });
  expect(JSON.parse(printed.trimEnd().split('\n').at(-1)!)).toMatchObject({ users: 20, interactions: 572 });
});
