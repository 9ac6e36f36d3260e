/**
 * A service under more load than it can take: what is answered must be right, and the rest must be told when
 * to come back.
 */
import { itemIdsOf } from '../bench/models.ts';
import { type Made, makeKey } from '../keys/make.ts';
import { startServer } from '../local-service.ts';
import { ask, type Case, casesOf, load, newTally } from './clients.ts';

/** Clients that a process can serve, and four times what it can. */
const FEW = 2;
const MANY = 256;
/** Each has a key, so that it is the engine that is short, not the key's limit. */
const KEYS = 8;
/** A client on a network sends its next request so long after an answer. */
export const NETWORK_MS = 20;

export interface OverloadResult {
  requests: number;
  errors_below_capacity: number;
  shed_above_capacity: number;
  wrong_answers: number;
  recovery_ms: number;
}

export async function verifyOverload(model: string, seconds: number, seed: number): Promise<OverloadResult> {
  const made = await tenants(KEYS);
  const keys = made.map(({ secret }) => secret);
  const settings = ['ACCESS:keys', `API_KEYS:${JSON.stringify(made.map(({ record }) => record))}`];
  const server = await startServer({ model, wrangler: settings.flatMap((each) => ['--var', each]) });
  try {
    const { url } = server;
    const cases = await casesOf(url, keys, itemIdsOf(model), seed);
    const below = newTally();
    await load({ url, keys, cases, clients: FEW, seconds }, below);
    const above = newTally();
    await load({ url, keys, cases, clients: MANY, seconds }, above);
    return {
      requests: below.requests + above.requests,
      errors_below_capacity: below.errors + below.shed,
      shed_above_capacity: above.shed,
      wrong_answers: below.wrong + above.wrong + above.errors,
      recovery_ms: Math.round(await recovered(url, keys[0], cases[0])),
    };
  } finally {
    await server.stop();
  }
}

/** A key for each of so many tenants. */
export function tenants(count: number): Promise<Made[]> {
  const wanted = {
    name: undefined,
    scopes: ['read' as const, 'write' as const],
    users: undefined,
    days: undefined,
  };
  return Promise.all(
    Array.from({ length: count }, (_, index) => makeKey({ ...wanted, tenant: `tenant-${index}` })),
  );
}

/** Milliseconds until ten requests in a row are answered. */
async function recovered(url: string, key: string, { body }: Case): Promise<number> {
  const began = performance.now();
  for (let inARow = 0; inARow < 10; ) {
    const response = await ask(url, key, body);
    await response.arrayBuffer();
    inARow = response.ok || response.status === 429 ? inARow + 1 : 0;
  }
  return performance.now() - began;
}
