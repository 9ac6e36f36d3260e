/** Clients whose answers are known before they ask, so that each can be checked under any load. */
import { setTimeout as sleep } from 'node:timers/promises';
import { randomInts, seededRandom } from '../random.ts';

/** Histories whose lists are known before the load begins. */
const HISTORIES = 16;
const LENGTH = 30;

export interface Case {
  body: string;
  /** The list's ids, as the service answers when it has time. */
  expected: string;
}

export interface Tally {
  requests: number;
  served: number;
  shed: number;
  errors: number;
  wrong: number;
  /** Milliseconds until each answer, and those of them in which the service worked. */
  ms: number[];
  work: number[];
}

export const newTally = (): Tally => ({
  requests: 0,
  served: 0,
  shed: 0,
  errors: 0,
  wrong: 0,
  ms: [],
  work: [],
});

export interface Load {
  url: string;
  /** Clients take them in turn. */
  keys: string[];
  cases: Case[];
  /** Each has one request at a time. */
  clients: number;
  seconds: number;
  /** Between an answer and the client's next request. @default none */
  pauseMs?: number;
  /** Milliseconds of work that the service has done so far. */
  worked?: () => number;
}

export async function casesOf(url: string, keys: string[], ids: string[], seed: number): Promise<Case[]> {
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

export async function load(
  { url, keys, cases, clients, seconds, pauseMs, worked = () => 0 }: Load,
  tally: Tally,
): Promise<void> {
  const end = performance.now() + 1000 * seconds;
  const client = async (index: number) => {
    for (let turn = index; performance.now() < end; turn++) {
      const { body, expected } = cases[turn % cases.length];
      const [began, workedBefore] = [performance.now(), worked()];
      const response = await ask(url, keys[index % keys.length], body);
      const answer = await response.json();
      const [ms, work] = [performance.now() - began, worked() - workedBefore];
      tally.requests++;
      const isShed =
        (response.status === 429 || response.status === 503) && response.headers.has('Retry-After');
      if (isShed) {
        tally.shed++;
        await sleep(50 + 100 * Math.random()); // far less than asked for
      } else if (!response.ok) tally.errors++;
      else {
        tally.served++;
        tally.ms.push(ms);
        tally.work.push(work);
        if (idsOf(answer) !== expected) tally.wrong++;
        if (pauseMs) await sleep(pauseMs);
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
}

export function ask(url: string, key: string, body: string): Promise<Response> {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
  return fetch(new URL('/v1/recommendations', url), { method: 'POST', headers, body });
}

const idsOf = ({ items }: { items: { id: string }[] }): string => items.map(({ id }) => id).join();
