/** What each list cost. Kept per tab, so that a reload keeps the chart. */
import type { Side, UserList } from './side.ts';

export type Status = UserList['cache']['status'];

export interface Measured {
  status: Status;
  ms: number;
  reused: number;
  prefilled: number;
  side: Side['name'];
}

export interface LastCost {
  cache: UserList['cache'];
  ms: number;
  /** Milliseconds with nothing remembered, where that was measured: on this device. */
  cold: number | null;
  where: string;
  model: string;
}

export interface Costs {
  last: LastCost | null;
  measured: readonly Measured[];
}

/** As many as fit a phone. */
export const MOST_POINTS = 20;
const KEY = 'measured';

let costs: Costs = { last: null, measured: restore() };

export const costOf = (): Costs => costs;

/** `ms` was measured by the page; the engine's own time is used where it runs here. */
export function noteCost(list: UserList & { ms?: number; cold_ms?: number }, ms: number, side: Side): Costs {
  const { cache, model, ms: engine = ms, cold_ms: cold = null } = list;
  const { status, reused_items: reused, prefilled_items: prefilled } = cache;
  const measured = [...costs.measured, { status, ms: engine, reused, prefilled, side: side.name }];
  costs = {
    last: { cache, ms: engine, cold, where: side.where, model: model.id },
    measured: measured.slice(-MOST_POINTS),
  };
  keep();
  return costs;
}

export function forgetCosts(): void {
  costs = { last: null, measured: [] };
  keep();
}

function restore(): Measured[] {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
  } catch {
    return [];
  }
}

function keep(): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(costs.measured));
  } catch {
    // Without storage, the chart starts empty after each load.
  }
}
