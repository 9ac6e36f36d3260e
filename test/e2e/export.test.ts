/**
 * Out of the service again: what visitors did comes back as a log, through a queue and a bucket as Cloudflare
 * has them, and is what `npm run data` reads.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildModel } from '../../scripts/build/build-model.ts';
import { type Server, startServer } from '../../scripts/local-service.ts';
import { tinyCheckpoint } from '../fixtures/tiny-model.ts';
import { withOutbox } from './outbox.ts';

const outbox = withOutbox();
let folder: string;
/** A model without a memory: what is counted while it serves changes none of its lists. */
let model: string;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earn-edge-export-'));
  model = join(folder, 'model');
  mkdirSync(model);
  for (const [name, bytes] of buildModel(tinyCheckpoint(), 'tiny', 'int8').files) {
    writeFileSync(join(model, name), bytes);
  }
  server = await startServer({ model, wrangler: outbox.flags });
});

afterAll(async () => {
  await server?.stop();
  outbox.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function append(user: string, items: object[]): Promise<void> {
  const response = await fetch(`${server.url}/v1/users/${encodeURIComponent(user)}/interactions`, {
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

/** What a service has of a user, and recommends: all but the names of places and lists. */
async function known(url: string, user: string) {
  const get = async (path: string) => {
    const response = await fetch(`${url}/v1/users/${encodeURIComponent(user)}${path}`);
    expect(response.status).toBe(200);
    // biome-ignore lint/suspicious/noExplicitAny: tests compare whatever came.
    return (await response.json()) as any;
  };
  const { items } = await get('/interactions?limit=1000');
  const list = await get('/recommendations?k=50');
  const history = items.map(({ position: _, ...item }: { position: string }) => item);
  return { history, list: { ...list, recommendation_id: '' }, length: (await get('')).length };
}

test('a backup in an empty deployment: every history and every list is the same', async () => {
  const catalogue = Array.from({ length: 10 }, (_, at) => String(1 + 4 * at));
  // Without times, with times that are out of order or no whole seconds, an item twice, and ids of any kind.
  const histories: Record<string, object[]> = {
    untimed: catalogue.map((id) => ({ id })),
    'out of order': catalogue.map((id, at) => ({ id, timestamp: 1764000000123.5 - 1000 * at })),
    'half timed/ü': [{ id: '1', timestamp: 5 }, { id: '1' }, { id: '1', timestamp: 5 }, { id: 'Ω "quoted"' }],
    long: Array.from({ length: 1500 }, (_, at) => ({ id: String(1 + ((at * 7) % 50)), type: 'view' })),
    merged: [{ id: '26', timestamp: 9 }],
    visitor: [{ id: '12', timestamp: 1 }],
    gone: [{ id: '1' }],
  };
  for (const [user, items] of Object.entries(histories)) {
    for (let at = 0; at < items.length; at += 1000) await append(user, items.slice(at, at + 1000));
  }
  const of = (path: string) => `${server.url}/v1/users/${path}`;
  const { items } = (await (await fetch(of('untimed/interactions'))).json()) as {
    items: { position: string }[];
  };
  await fetch(of(`untimed/interactions/${items[3].position}`), { method: 'DELETE' });
  const headers = { 'Content-Type': 'application/json' };
  await fetch(of('merged/merge'), { method: 'POST', headers, body: JSON.stringify({ from: 'visitor' }) });
  await fetch(of('gone'), { method: 'DELETE' });

  const out = join(folder, 'backup.jsonl');
  const users = ['untimed', 'out of order', 'half timed/ü', 'long', 'merged'];
  const lengths = () => {
    execFileSync(process.execPath, ['scripts/export/main.ts', '--url', server.url, '--out', out, '--backup']);
    const lines = readFileSync(out, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    return Object.fromEntries(lines.map(({ user, items }) => [user, items.length]));
  };
  const expected = { untimed: 9, 'out of order': 10, 'half timed/ü': 4, long: 1500, merged: 2 };
  await expect.poll(lengths, { timeout: 120_000, interval: 3000 }).toMatchObject(expected);
  expect(lengths()).not.toHaveProperty('gone');

  const restored = await startServer({ model });
  try {
    const args = ['scripts/import/main.ts', '--users', out, '--backup', '--url', restored.url];
    execFileSync(process.execPath, args);
    for (const user of users)
      expect(await known(restored.url, user), user).toEqual(await known(server.url, user));
  } finally {
    await restored.stop();
  }
});
