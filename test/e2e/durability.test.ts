/**
 * What was acknowledged is kept: when requests come all at once, and when the service is killed between any
 * two.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Server, startServer } from '../../scripts/local-service.ts';

/** How often the service is killed. */
const KILLS = 3;

let folder: string;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earn-edge-state-'));
  server = await startServer({ state: folder });
});

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function append(user: string, ids: string[], key?: string): Promise<Response> {
  return fetch(`${server.url}/v1/users/${user}/interactions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(key && { 'Idempotency-Key': key }) },
    body: JSON.stringify({ items: ids.map((id) => ({ id })) }),
  });
}

/** Oldest first. */
async function historyOf(user: string): Promise<string[]> {
  const response = await fetch(`${server.url}/v1/users/${user}/interactions?limit=1000`);
  expect(response.status).toBe(200);
  const { items } = await response.json();
  return items.map(({ id }: { id: string }) => id).reverse();
}

test('64 requests of one user at the same time: all are in the log', async () => {
  const ids = Array.from({ length: 64 }, (_, index) => `film-${index}`);
  const answers = await Promise.all(ids.map((id) => append('ada', [id])));
  expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 201));
  expect((await historyOf('ada')).toSorted()).toEqual(ids.toSorted());
});

test('a request that is sent twice at the same time counts once', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => append('bob', ['1', '2'], 'visit-1')));
  for (const answer of answers) expect(await answer.json()).toMatchObject({ length: 2 });
  expect(await historyOf('bob')).toEqual(['1', '2']);
});

test('killed while interactions come in: every acknowledged one is there, in order, once', async () => {
  const acknowledged: string[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const killed = sleep(100 + Math.random() * 1000).then(() => server.kill());
    let sent = 0;
    let pending = '';
    try {
      for (;;) {
        pending = `${kill}-${sent++}`;
        const response = await append('eve', [pending], pending);
        if (response.status !== 201) break;
        await response.arrayBuffer();
        acknowledged.push(pending);
      }
    } catch {
      // The connection broke: nobody can say whether the last one was stored.
    }
    await killed;
    server = await startServer({ state: folder });
    const kept = await historyOf('eve');
    expect(kept.slice(0, acknowledged.length)).toEqual(acknowledged);
    expect([[], [pending]]).toContainEqual(kept.slice(acknowledged.length));
    // Sent again with its key, the last one counts once, whatever became of it.
    expect((await append('eve', [pending], pending)).status).toBe(201);
    acknowledged.push(pending);
    expect(await historyOf('eve')).toEqual(acknowledged);
  }
  expect(acknowledged.length).toBeGreaterThan(3 * KILLS);
  expect(await historyOf('bob')).toEqual(['1', '2']);
});
