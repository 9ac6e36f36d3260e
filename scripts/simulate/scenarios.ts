/** What is simulated: users of a month, and what changes when one assumption does. */
import { seededRandom } from '../random.ts';
import { costsOf, type PerRequest, totalOf, type Usage, usageOf } from './costs.ts';
import { replay } from './replay.ts';
import type { Pattern } from './visits.ts';

const SEED = 1;

export interface Setting {
  /** Of the month, everywhere. */
  users: number;
  /** Where people's requests arrive: each has isolates of its own. */
  locations: number;
  /** Megabytes that an isolate keeps for states. */
  memoryMb: number;
  expiryDays: number;
  isolateHours: number;
}

export interface Row extends Setting {
  requests: number;
  /** Busy isolates, everywhere. */
  isolates: number;
  /** Shares of the requests whose state was in the isolate, in KV, in neither. */
  isolate: number;
  kv: number;
  miss: number;
  usage: Usage;
  dollars: number;
  /** Dollars by what they are for. */
  costs: Record<string, number>;
}

export const USUAL: Setting = { users: 1e6, locations: 30, memoryMb: 16, expiryDays: 30, isolateHours: 6 };

/** Each table's settings by its name: one thing changes, the rest is usual. */
export const TABLES: Record<string, Setting[]> = {
  users: [1e3, 1e4, 1e5, 1e6, 1e7, 1e8].map((users) => ({ ...USUAL, users })),
  memory: [4, 16, 64].map((memoryMb) => ({ ...USUAL, memoryMb })),
  expiry: [1, 7, 30, 90].map((expiryDays) => ({ ...USUAL, expiryDays })),
  locations: [1, 10, 30, 300].map((locations) => ({ ...USUAL, locations })),
};

export function simulate(patterns: readonly Pattern[], setting: Setting, per: PerRequest): Row {
  const { users, locations, memoryMb, expiryDays, isolateHours } = setting;
  const states = Math.floor((memoryMb * 1e6) / per.stateBytes);
  const here = Math.max(1, Math.round(users / locations));
  const traffic = replay(patterns, { users: here, states, expiryDays, isolateHours }, seededRandom(SEED));
  const everywhere = users / here;
  const scaled = Object.fromEntries(
    Object.entries(traffic).map(([name, count]) => [name, count * everywhere]),
  );
  const total = scaled as unknown as typeof traffic;
  const usage = usageOf(total, users, per);
  const costs = costsOf(usage);
  const share = (part: number) => part / total.requests;
  return {
    ...setting,
    requests: Math.round(total.requests),
    isolates: Math.round(total.isolates),
    isolate: share(total.isolate),
    kv: share(total.kv),
    miss: share(total.miss),
    usage,
    dollars: totalOf(costs),
    costs,
  };
}
