/** Where the state of a history comes from. */
import type { HistoryState } from '../engine/decoder.ts';
import type { Ranked } from '../engine/ranking.ts';
import { windowStart } from '../engine/window.ts';
import type { Model } from '../models/model.ts';
import type { KnownHistory } from './history.ts';
import type { Run } from './run.ts';

/** A state and what the answer says of it. */
export interface Found<Cache> {
  state: HistoryState;
  cache: Cache;
  /** The list with this key that was made of exactly this state, or else a new one. */
  list(key: string, make: () => Promise<Ranked[]>): Promise<Ranked[]>;
}

export interface States<Cache> {
  /** What an answer says that needed no state. */
  readonly unused: Cache;
  /** The state of the history's context window. Throws ModelUnavailable when the engine fails. */
  find(model: Model, history: KnownHistory, run: Run): Promise<Found<Cache>>;
}

export interface NoCache {
  status: 'none';
  reused_items: 0;
  prefilled_items: number;
}

const noCache = (prefilled_items: number): NoCache => ({ status: 'none', reused_items: 0, prefilled_items });

/** Computes each state from scratch and keeps nothing. */
export const FRESH_STATES: States<NoCache> = {
  unused: noCache(0),
  async find(model, { items }, run) {
    const seen = items.slice(windowStart(items.length, model.manifest.config.contextWindow));
    const state = await run.infer('prefill', () => model.prefill(seen));
    return { state, cache: noCache(seen.length), list: (_, make) => make() };
  },
};
