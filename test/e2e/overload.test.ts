/**
 * A crowd of users over real connections: whoever is told to come back gets a list, and nobody's interaction
 * is lost.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Server, startServer } from '../../scripts/local-service.ts';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const JSON_TYPE = { 'Content-Type': 'application/json' };

/** Adds an interaction and asks for a list. */
function visit(user: string, item: string): Promise<Response> {
  return fetch(`${server.url}/v1/users/${user}/recommendations`, {
    method: 'POST',
    headers: { ...JSON_TYPE, 'Idempotency-Key': `visit-${item}` },
    body: JSON.stringify({ items: [{ id: item }], k: 5 }),
  });
}

async function storedOf(user: string): Promise<string[]> {
  const response = await fetch(`${server.url}/v1/users/${user}/interactions`);
  const { items } = (await response.json()) as { items: { id: string }[] };
  return items.map(({ id }) => id);
}

test('300 users at once who come back when they are told to: all get a list, each interaction is stored once', async () => {
  const users = Array.from({ length: 300 }, (_, index) => `crowd-${index}`);
  await Promise.all(
    users.map(async (user) => {
      for (;;) {
        const response = await visit(user, '1196');
        const body = (await response.json()) as { code: string; items: unknown[] };
        if (response.status === 200) return expect(body.items).toHaveLength(5);
        expect([response.status, body.code]).toEqual([503, 'overloaded']);
        await sleep(1000 * Number(response.headers.get('Retry-After')));
      }
    }),
  );
  for (const user of users) expect(await storedOf(user), user).toEqual(['1196']);
});
