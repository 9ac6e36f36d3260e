/**
 * An import into the real service: killed, cut off and resumed, every interaction is in the log once, in
 * order.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Server, startServer } from '../../scripts/local-service.ts';
import { seededRandom } from '../../scripts/random.ts';
import { type Fault, flakyServer } from '../fixtures/flaky-server.ts';

let folder: string;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earn-edge-import-'));
  server = await startServer({ state: join(folder, 'state') });
});

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Histories with ids of the film catalogue, some of them unknown; most fit one request, some need three. */
function histories(name: string, users: number): Map<string, string[]> {
  const random = seededRandom(users);
  return new Map(
    Array.from({ length: users }, (_, user) => {
      const length = user % 5 === 0 ? 2001 : 1 + Math.floor(random() * 40);
      const ids = Array.from({ length }, (_, step) => `${1 + ((user * 7 + step) % 3000)}`);
      return [`${name}/${user}`, user % 3 === 0 ? [...ids, `unreleased-${user}`] : ids];
    }),
  );
}

/** The rows of all users, mixed as a log is, with times that order them. */
function csvOf(users: Map<string, string[]>): string {
  const rows = [...users].flatMap(([user, ids]) =>
    ids.map((id, step) => [`${user},${id},${step}`, step] as const),
  );
  rows.sort(([, a], [, b]) => a - b);
  return `user_id,item_id,timestamp\n${rows.map(([row]) => row).join('\n')}\n`;
}

function startImport(file: string, url: string): ChildProcess {
  return spawn(
    process.execPath,
    ['scripts/import/main.ts', '--users', file, '--url', url, '--concurrency', '4'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
}

/** Runs the import to its end; its last line. */
async function imported(file: string, url: string) {
  const child = startImport(file, url);
  const [printed, [status]] = await Promise.all([text(child.stdout!), once(child, 'exit')]);
  expect(status).toBe(0);
  return JSON.parse(printed.trimEnd().split('\n').at(-1)!);
}

interface Listed {
  id: string;
  timestamp?: number;
}

/** The whole log of a user, oldest first. */
async function logOf(user: string): Promise<Listed[]> {
  const items: Listed[] = [];
  let query = 'limit=1000';
  for (;;) {
    const response = await fetch(`${server.url}/v1/users/${encodeURIComponent(user)}/interactions?${query}`);
    expect(response.status).toBe(200);
    const page: { items: Listed[]; next_cursor: string | null } = await response.json();
    items.push(...page.items.map(({ id, timestamp }) => ({ id, timestamp })));
    if (page.next_cursor === null) return items.reverse();
    query = `limit=1000&cursor=${page.next_cursor}`;
  }
}

/** A way to the service that can be cut: `fault` says what happens to each request. */
async function cable(
  fault: (request: Request) => Fault | undefined | Promise<Fault | undefined>,
  keys = true,
) {
  const way = await flakyServer(async (request) => {
    const { pathname, search } = new URL(request.url);
    const headers = new Headers(request.headers);
    if (!keys) headers.delete('Idempotency-Key');
    const { method } = request;
    const body = method === 'POST' ? await request.arrayBuffer() : undefined;
    const response = await fetch(`${server.url}${pathname}${search}`, { method, headers, body });
    // Decoded by fetch: what the headers say of its coding and length no longer holds.
    return new Response(await response.arrayBuffer(), { status: response.status });
  }, fault);
  onTestFinished(() => way.stop());
  return way;
}

test('a bad network, a service that is killed, an import that is killed: each interaction once, in order', async () => {
  const users = histories('flaky', 60);
  const file = join(folder, 'flaky.csv');
  writeFileSync(file, csvOf(users));
  let child: ChildProcess | undefined;
  let posts = 0;
  const { url } = await cable(async ({ method }) => {
    if (method !== 'POST') return undefined;
    const post = posts++;
    if (post % 23 === 11) {
      child?.kill('SIGKILL');
      return post % 2 ? 'break after' : 'break before';
    }
    if (post === 40) {
      await server.kill();
      server = await startServer({ state: join(folder, 'state') });
    }
    if (post % 7 === 2) return 'break after';
    if (post % 7 === 4) return 'break before';
    if (post % 7 === 6) return new Response('', { status: 503, headers: { 'Retry-After': '0' } });
  });

  let kills = 0;
  for (;;) {
    child = startImport(file, url);
    const [, signal] = await once(child, 'exit');
    if (signal !== 'SIGKILL') break;
    kills++;
  }
  child = undefined;
  expect(kills).toBeGreaterThan(2);
  expect(posts).toBeGreaterThan(40);
  for (const [user, ids] of users) {
    expect(await logOf(user)).toEqual(ids.map((id, timestamp) => ({ id, timestamp })));
  }

  const before = posts;
  const interactions = [...users.values()].flat().length;
  expect(await imported(file, url)).toMatchObject({
    users: 60,
    interactions,
    sent: 0,
    skipped: interactions,
  });
  expect(posts).toBe(before);
});

test('resumed when the service has forgotten the keys, with others writing meanwhile: still once, in order', async () => {
  const users = histories('late', 25);
  const file = join(folder, 'late.csv');
  writeFileSync(file, csvOf(users));
  // Requests arrive without their keys, as they count after a day.
  let child: ChildProcess | undefined;
  let posts = 0;
  const { url } = await cable(({ method }) => {
    if (method !== 'POST' || posts++ % 9 !== 4) return undefined;
    child?.kill('SIGKILL');
    return posts % 2 ? 'break after' : 'break before';
  }, false);
  for (let run = 0; ; run++) {
    child = startImport(file, url);
    const [, signal] = await once(child, 'exit');
    if (signal !== 'SIGKILL') break;
    for (const user of users.keys()) {
      const body = JSON.stringify({ items: [{ id: `live-${run}` }] });
      const headers = { 'Content-Type': 'application/json' };
      await fetch(`${server.url}/v1/users/${encodeURIComponent(user)}/interactions`, {
        method: 'POST',
        headers,
        body,
      });
    }
  }
  for (const [user, ids] of users) {
    const log = await logOf(user);
    const imported = log.filter(({ id }) => !id.startsWith('live-'));
    expect(imported).toEqual(ids.map((id, timestamp) => ({ id, timestamp })));
    expect(log.length).toBeGreaterThan(imported.length);
  }
});

test('imported users get recommendations from their history', async () => {
  const file = join(folder, 'films.jsonl');
  const films = ['1', '1196', '260', 'unreleased'].map((id) => ({ id }));
  writeFileSync(file, `${JSON.stringify({ user_id: 'ada@example.com', items: films })}\n`);
  expect(await imported(file, server.url)).toMatchObject({ users: 1, sent: 4, unknown_items: 1 });
  const [mine, same] = await Promise.all([
    fetch(`${server.url}/v1/users/ada%40example.com/recommendations?k=5`),
    fetch(`${server.url}/v1/recommendations`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ history: films.map(({ id }) => id), k: 5 }),
    }),
  ]);
  expect((await mine.json()).items).toEqual((await same.json()).items);
});
