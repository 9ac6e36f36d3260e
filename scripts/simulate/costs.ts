/**
 * What a month costs on Workers Paid, in dollars, by the prices that docs/deploy.md links to (November 2026).
 * Every request brings one event and asks for a list.
 */
import type { Traffic } from './replay.ts';

interface Price {
  /** Included in the plan, and dollars per unit beyond that. */
  included: number;
  each: number;
}

const MILLION = 1e6;
const PRICES = {
  requests: { included: 10 * MILLION, each: 0.3 / MILLION },
  cpu_ms: { included: 30 * MILLION, each: 0.02 / MILLION },
  kv_reads: { included: 10 * MILLION, each: 0.5 / MILLION },
  kv_writes: { included: MILLION, each: 5 / MILLION },
  kv_gb: { included: 1, each: 0.5 },
  object_calls: { included: MILLION, each: 0.15 / MILLION },
  object_gb_s: { included: 400_000, each: 12.5 / MILLION },
  rows_read: { included: 25_000 * MILLION, each: 0.001 / MILLION },
  rows_written: { included: 50 * MILLION, each: 1 / MILLION },
  object_gb: { included: 5, each: 0.2 },
} satisfies Record<string, Price>;
const PLAN = 5;

export type Usage = Record<keyof typeof PRICES, number>;

/** What one request does; docs/deploy.md says where the numbers are from. */
export interface PerRequest {
  cpuMs: number;
  stateBytes: number;
  /** Of a user's object. */
  databaseBytes: number;
  rowsRead: number;
  rowsWritten: number;
}

/** A call of an object takes so long, at 128 MB. */
const CALL_GB_S = 0.005 * 0.125;
/** The append with the list, and a look after the write whether the user was deleted. */
const CALLS_PER_REQUEST = 2;

export function usageOf({ requests, kv, miss, writes }: Traffic, users: number, per: PerRequest): Usage {
  return {
    requests,
    cpu_ms: requests * per.cpuMs,
    kv_reads: kv + miss,
    kv_writes: writes,
    kv_gb: (users * per.stateBytes) / 1e9,
    object_calls: requests * CALLS_PER_REQUEST,
    object_gb_s: requests * CALLS_PER_REQUEST * CALL_GB_S,
    rows_read: requests * per.rowsRead,
    rows_written: requests * per.rowsWritten,
    object_gb: (users * per.databaseBytes) / 1e9,
  };
}

/** Dollars of a month by what they are for. */
export function costsOf(usage: Usage): Record<keyof Usage | 'plan', number> {
  const costs = Object.entries(PRICES).map(([name, { included, each }]) => [
    name,
    Math.max(0, usage[name as keyof Usage] - included) * each,
  ]);
  return { plan: PLAN, ...Object.fromEntries(costs) };
}

export function totalOf(costs: Record<string, number>): number {
  return Object.values(costs).reduce((sum, cost) => sum + cost, 0);
}
