/**
 * A service under more load than it can take, and beside a hostile tenant: what is answered must be right,
 * the rest must be told when to come back, and others must hardly notice.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { itemIdsOf } from '../bench/models.ts';
import { percentile, round } from '../bench/statistics.ts';
import { makeKey } from '../keys/make.ts';
import { type Server, startServer } from '../local-service.ts';
import { randomInts, seededRandom } from '../random.ts';
import { ROOT } from '../serving.ts';

/** Histories whose lists are known before the load begins. */
const HISTORIES = 16;
const LENGTH = 30;
/** Clients that a process can serve, and four times what it can. */
const FEW = 2;
const MANY = 256;
/** Each has a key, so that it is the engine that is short, not the key's limit. */
const KEYS = 8;
/** Until what a hostile tenant has left behind is answered. */
const REST_MS = 500;
/** Without and with the hostile tenant, in turns. */
const ROUNDS = 3;

export interface OverloadResult {
  requests: number;
  errors_below_capacity: number;
  shed_above_capacity: number;
  wrong_answers: number;
  recovery_ms: number;
  others_p99_ratio: number;
  others_p99_ms: number;
  others_p99_alone_ms: number;
}

interface Case {
  body: string;
  /** The list's ids, as the service answers when it has time. */
  expected: string;
}

interface Tally {
  requests: number;
  served: number;
  shed: number;
  errors: number;
  wrong: number;
  ms: number[];
}

const newTally = (): Tally => ({ requests: 0, served: 0, shed: 0, errors: 0, wrong: 0, ms: [] });

export async function verifyOverload(model: string, seconds: number, seed: number): Promise<OverloadResult> {
  const wanted = {
    name: undefined,
    scopes: ['read' as const, 'write' as const],
    users: undefined,
    days: undefined,
  };
  const made = await Promise.all(
    Array.from({ length: KEYS + 1 }, (_, index) => makeKey({ ...wanted, tenant: `tenant-${index}` })),
  );
  const records = made.map(({ record }) => record);
  const [hostile, ...keys] = made.map(({ secret }) => secret);
  const settings = ['ACCESS:keys', `API_KEYS:${JSON.stringify(records)}`];
  const server = await startServer({ model, wrangler: settings.flatMap((each) => ['--var', each]) });
  const attackers = fork(join(ROOT, 'scripts/verify/hostile.ts'), [server.url, hostile, model]);
  try {
    const cases = await casesOf(server, keys, itemIdsOf(model), seed);
    const below = newTally();
    await load(server, keys, cases, FEW, seconds, below);
    const above = newTally();
    await load(server, keys, cases, MANY, seconds, above);
    const recovery = await recovered(server, keys[0], cases[0]);

    // One after another, and alternating: what else the machine does falls on both.
    const [alone, beside] = [newTally(), newTally()];
    for (let round = 0; round < ROUNDS; round++) {
      await load(server, keys.slice(0, 1), cases, 1, seconds / ROUNDS, alone);
      attackers.send('attack');
      await load(server, keys.slice(1, 2), cases, 1, seconds / ROUNDS, beside);
      attackers.send('rest');
      await sleep(REST_MS);
    }
    const tallies = [below, above, alone, beside];
    const sum = (of: (tally: Tally) => number) => tallies.reduce((total, each) => total + of(each), 0);
    const [p99Alone, p99] = [alone, beside].map(({ ms }) => percentile(ms, 0.99));
    return {
      requests: sum(({ requests }) => requests),
      errors_below_capacity: below.errors + below.shed + alone.errors + alone.shed,
      shed_above_capacity: above.shed,
      wrong_answers: sum(({ wrong }) => wrong) + above.errors + beside.errors,
      recovery_ms: Math.round(recovery),
      others_p99_ratio: round(p99 / p99Alone, 2),
      others_p99_ms: round(p99, 1),
      others_p99_alone_ms: round(p99Alone, 1),
    };
  } finally {
    attackers.kill();
    await server.stop();
  }
}

async function casesOf({ url }: Server, keys: string[], ids: string[], seed: number): Promise<Case[]> {
  const random = seededRandom(seed);
  const cases: Case[] = [];
  for (let index = 0; index < HISTORIES; index++) {
    const history = randomInts(random, LENGTH, ids.length).map((item) => ids[item]);
    const body = JSON.stringify({ history, k: 10 });
    const response = await ask(url, keys[index % keys.length], body);
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    cases.push({ body, expected: idsOf(await response.json()) });
  }
  return cases;
}

/** So many clients, each with one request at a time, for so long. */
async function load(
  { url }: Server,
  keys: string[],
  cases: Case[],
  clients: number,
  seconds: number,
  tally: Tally,
): Promise<void> {
  const end = performance.now() + 1000 * seconds;
  const client = async (index: number) => {
    for (let turn = index; performance.now() < end; turn++) {
      const { body, expected } = cases[turn % cases.length];
      const began = performance.now();
      const response = await ask(url, keys[index % keys.length], body);
      const answer = await response.json();
      tally.requests++;
      const isShed =
        (response.status === 429 || response.status === 503) && response.headers.has('Retry-After');
      if (isShed) {
        tally.shed++;
        await sleep(50 + 100 * Math.random()); // far less than asked for
      } else if (!response.ok) tally.errors++;
      else {
        tally.served++;
        tally.ms.push(performance.now() - began);
        if (idsOf(answer) !== expected) tally.wrong++;
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
}

/** Milliseconds until ten requests in a row are answered. */
async function recovered({ url }: Server, key: string, { body }: Case): Promise<number> {
  const began = performance.now();
  for (let inARow = 0; inARow < 10; ) {
    const response = await ask(url, key, body);
    await response.arrayBuffer();
    inARow = response.ok || response.status === 429 ? inARow + 1 : 0;
  }
  return performance.now() - began;
}

function ask(url: string, key: string, body: string, path = '/v1/recommendations'): Promise<Response> {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
  return fetch(url + path, { method: 'POST', headers, body });
}

const idsOf = ({ items }: { items: { id: string }[] }): string => items.map(({ id }) => id).join();
