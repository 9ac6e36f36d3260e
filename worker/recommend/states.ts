/** Where a history and its state come from. */
import type { HistoryState } from '../engine/decoder.ts';
import type { Ranked } from '../engine/ranking.ts';
import type { Event } from '../history/event.ts';
import type { Model } from '../models/model.ts';
import { historyOf, type KnownHistory, startsOf } from './history.ts';
import { prefilled } from './prefill.ts';
import type { Run } from './run.ts';

/** A state and what the answer says of it. */
export interface Found<Cache> {
  state: HistoryState;
  cache: Cache;
  /** The list with this key that was made of exactly this state, or else a new one. */
  list(key: string, make: () => Promise<Ranked[]>): Promise<Ranked[]>;
  /** Drops a state that was kept and makes the engine fail, and computes it anew. */
  renew?(run: Run): Promise<Found<Cache>>;
}

/** A history as a model reads it. */
export interface Reading<Cache> {
  history: KnownHistory;
  /** What an answer says that needs no state. */
  unused: Cache;
  /** The state of the history's context window. Throws ModelUnavailable when the engine fails. */
  find(run: Run): Promise<Found<Cache>>;
}

/** A history from wherever it is kept. */
export interface Source<Cache> {
  read(model: Model, run: Run): Promise<Reading<Cache>>;
}

export interface NoCache {
  status: 'none';
  reused_items: 0;
  prefilled_items: number;
}

const noCache = (prefilled_items: number): NoCache => ({ status: 'none', reused_items: 0, prefilled_items });

/** A history that came with the request. Its state is computed from scratch, and nothing is kept. */
export function given(events: readonly Event[]): Source<NoCache> {
  return {
    async read(model) {
      const { anchor, had } = startsOf(events.length, 0, model.manifest.config.contextWindow);
      const history = historyOf(model, events.slice(had), anchor - had);
      return {
        history,
        unused: noCache(0),
        async find(run) {
          const items = [...history.items];
          const state = await run.stage('prefill', () => prefilled(model, items, run));
          return { state, cache: noCache(items.length), list: (_, make) => make() };
        },
      };
    },
  };
}
