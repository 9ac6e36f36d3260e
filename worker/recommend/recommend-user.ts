/** Recommendations for a user with a memory: the log says what happened, the cached state saves recomputing it. */

import type { StateCache } from '../cache/state-cache.ts';
import { digestOf, type StoredState, stateBytes } from '../cache/state-codec.ts';
import { windowStart } from '../engine/window.ts';
import type { Snapshot } from '../history/log.ts';
import type { Model } from '../models/model.ts';
import {
  listOf,
  mostPopular,
  type RecommendationList,
  type RecommendationQuery,
  resolve,
  searchFor,
} from './recommend.ts';
import { search } from './search.ts';

export interface UserCache {
  /** `hit`: nothing was prefilled. `extended`: only what is new. `miss`: the whole window. */
  status: 'hit' | 'extended' | 'miss';
  reused_items: number;
  prefilled_items: number;
  /** Size of the user's state, 0 for one without history. */
  state_bytes: number;
  /** Known items of the history that the window has left behind. */
  window_start: number;
  /** The window has moved on since the last state, which was rebuilt for it. */
  window_moved: boolean;
  /** Whether the cache could not be read: the answer is right, and was computed anew. */
  degraded: boolean;
}

export interface UserAnswer {
  list: RecommendationList<UserCache>;
  /** Work for after the response: resolves to the state that was written, if any. Never rejects. */
  later: Promise<StoredState | null>;
}

/** Stands between a stage of the work (`state`, `prefill`, `search`) and its outcome: to measure how long it takes. */
export type Stage = <T>(name: string, work: Promise<T>) => Promise<T>;

/** Recommends after the log as it was read. Throws ModelUnavailable when the engine fails; a broken cache only costs time. */
export async function recommendUser(
  model: Model,
  cache: StateCache,
  user: string,
  snapshot: Snapshot,
  query: RecommendationQuery,
  stage: Stage = (_, work) => work,
): Promise<UserAnswer> {
  const history = resolve(model, snapshot.items);
  const { known } = history;
  const request = searchFor(model, known, query);
  if (known.length === 0) {
    const nothing: UserCache = {
      status: 'miss',
      reused_items: 0,
      prefilled_items: 0,
      state_bytes: 0,
      window_start: 0,
      window_moved: false,
      degraded: false,
    };
    const list = listOf(model, history, mostPopular(model, request), query, nothing);
    return { list, later: Promise.resolve(null) };
  }

  const anchor = windowStart(known.length, model.manifest.config.contextWindow);
  const seen = known.slice(anchor);
  const ids = seen.map((index) => model.catalogue.items[index].id);
  const wanted = { model: model.manifest.id, epoch: snapshot.epoch, anchor, items: ids };
  const { stored, moved, failed } = await stage('state', cache.find(user, wanted));
  const reused = stored?.state.length ?? 0;
  let current = stored;
  if (current === null || reused < seen.length) {
    const state = await stage('prefill', model.prefill(seen.slice(reused), stored?.state));
    current = { model: wanted.model, epoch: wanted.epoch, anchor, digest: await digestOf(ids), state };
    await cache.remember(user, current);
  }
  const { exclude, categories, include_seen, decoder = model.manifest.ranker } = query;
  const question = JSON.stringify([known.length, request.k, include_seen, exclude, categories, decoder]);
  const { state } = current;
  const items = await cache.list(current, question, () => stage('search', search(model, state, request)));
  const status = reused === 0 ? 'miss' : reused < seen.length ? 'extended' : 'hit';
  return {
    list: listOf(model, history, items, query, {
      status,
      reused_items: reused,
      prefilled_items: seen.length - reused,
      state_bytes: stateBytes(state),
      window_start: anchor,
      window_moved: moved,
      degraded: failed,
    }),
    later: cache.persist(user, wanted.model),
  };
}
