/**
 * What a hostile tenant does to the others in its isolate. The Worker that is deployed runs in bare workerd,
 * as the proxy of `wrangler dev` would be measured otherwise.
 */
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Limit } from '../bench/growth/isolate.ts';
import { itemIdsOf } from '../bench/models.ts';
import { percentile, ratioInterval, round } from '../bench/statistics.ts';
import { deployedLimits, wholeWorker } from '../bench/whole-worker.ts';
import { ROOT } from '../serving.ts';
import { casesOf, load, newTally, type Tally } from './clients.ts';
import { inMemory } from './memory.ts';
import { NETWORK_MS, tenants } from './overload.ts';

/** Without and with the hostile tenant, in turns. */
const ROUNDS = 5;
/** Until what a hostile tenant has left behind is answered. */
const REST_MS = 500;
/** Lists before the first measured one: V8 first compiles without much care. */
const WARM_UP_SECONDS = 3;
const SIDES = ['alone', 'beside'] as const;

/** Medians of the rounds. */
export interface Latency {
  p50_alone_ms: number;
  p50_ms: number;
  p99_alone_ms: number;
  p99_ms: number;
  p99_ratio: number;
  /** Of the ratio. */
  interval95: [number, number];
}

export interface Beside {
  /** By the clock, so also of what else the machine does. */
  time: Latency;
  /** By the CPU time of the service's thread between a request and its answer. */
  work: Latency | null;
}

export interface NeighboursResult {
  requests: number;
  /** Of the others, who must all be answered. */
  errors_below_capacity: number;
  wrong_answers: number;
  others_p99_ratio: number;
  /** With the limits of a deployment, and with none: then the hostile tenant has as many keys as it likes. */
  beside: { limited: Beside; unlimited: Beside };
}

export async function verifyNeighbours(
  model: string,
  seconds: number,
  seed: number,
): Promise<NeighboursResult> {
  const all = newTally();
  const limited = await besideHostile(model, { seconds, seed, all, limits: deployedLimits(ROOT) });
  const unlimited = await besideHostile(model, { seconds, seed, all });
  return {
    requests: all.requests,
    errors_below_capacity: all.errors + all.shed,
    wrong_answers: all.wrong,
    others_p99_ratio: limited.time.p99_ratio,
    beside: { limited, unlimited },
  };
}

interface BesideOptions {
  /** Of each side, over all rounds. */
  seconds: number;
  seed: number;
  /** Takes what became of the others' requests. */
  all: Tally;
  limits?: Record<string, Limit>;
}

export async function besideHostile(
  model: string,
  { seconds, seed, all, limits }: BesideOptions,
): Promise<Beside> {
  const [hostile, other] = await tenants(2);
  const keys = [other.secret];
  const vars = { ACCESS: 'keys', API_KEYS: JSON.stringify([hostile.record, other.record]) };
  const isolate = await wholeWorker(ROOT, model, { vars, limits, place: inMemory() });
  const attackers = fork(join(ROOT, 'scripts/verify/hostile.ts'), [isolate.url, hostile.secret, model]);
  try {
    await once(attackers, 'message'); // it is ready
    place(isolate.pid, attackers.pid!);
    const cases = await casesOf(isolate.url, keys, itemIdsOf(model), seed);
    const worked = workOf(isolate.pid);
    const one = { url: isolate.url, keys, cases, clients: 1, pauseMs: NETWORK_MS, worked };
    await load({ ...one, seconds: WARM_UP_SECONDS }, newTally());
    const rounds: Record<(typeof SIDES)[number], Tally[]> = { alone: [], beside: [] };
    // One after another, and alternating: what else the machine does falls on both.
    for (let round = 0; round < ROUNDS; round++) {
      for (const side of SIDES) {
        const tally = newTally();
        if (side === 'beside') attackers.send('attack');
        await load({ ...one, seconds: seconds / ROUNDS }, tally);
        rounds[side].push(tally);
        for (const field of ['requests', 'served', 'shed', 'errors', 'wrong'] as const)
          all[field] += tally[field];
      }
      attackers.send('rest');
      await sleep(REST_MS);
    }
    const latency = (of: 'ms' | 'work') =>
      latencyOf(
        rounds.alone.map((tally) => tally[of]),
        rounds.beside.map((tally) => tally[of]),
      );
    return { time: latency('ms'), work: existsSync(statisticsOf(isolate.pid)) ? latency('work') : null };
  } finally {
    if (attackers.exitCode === null) {
      attackers.kill();
      await once(attackers, 'exit');
    }
    await isolate.stop();
  }
}

function latencyOf(alone: number[][], beside: number[][]): Latency {
  const at = (rounds: number[][], share: number) => rounds.map((values) => percentile(values, share));
  const middle = (values: number[]) => percentile(values, 0.5);
  const [p99Alone, p99] = [at(alone, 0.99), at(beside, 0.99)];
  return {
    p50_alone_ms: round(middle(at(alone, 0.5)), 1),
    p50_ms: round(middle(at(beside, 0.5)), 1),
    p99_alone_ms: round(middle(p99Alone), 1),
    p99_ms: round(middle(p99), 1),
    p99_ratio: round(middle(p99) / middle(p99Alone), 2),
    interval95: ratioInterval(p99, p99Alone).map((end) => round(end, 2)) as [number, number],
  };
}

/** Where the system can, the service has a core, and those who ask another one. */
function place(service: number, attackers: number): void {
  if (availableParallelism() < 2) return;
  for (const [pid, core] of [
    [service, 1],
    [attackers, 0],
    [process.pid, 0],
  ]) {
    spawnSync('taskset', ['--all-tasks', '--pid', '--cpu-list', `${core}`, `${pid}`]);
  }
}

/** Milliseconds of CPU that a process' first thread has had; workerd's does all the work of its isolates. */
function workOf(pid: number): () => number {
  const file = statisticsOf(pid);
  return () => (existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6 : 0);
}

/** https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat */
const statisticsOf = (pid: number) => `/proc/${pid}/schedstat`;
