/** States of a user with a log: what is cached saves computing it again. */
import type { StateCache } from '../cache/state-cache.ts';
import { digestOf, type StoredState, stateBytes } from '../cache/state-codec.ts';
import { windowStart } from '../engine/window.ts';
import { eventKey } from '../history/event.ts';
import type { Model } from '../models/model.ts';
import type { KnownHistory } from './history.ts';
import type { Run } from './run.ts';
import type { Found, States } from './states.ts';

export interface UserCache {
  /** `hit`: nothing was prefilled. `extended`: only what is new. `miss`: the whole context window. */
  status: 'hit' | 'extended' | 'miss';
  reused_items: number;
  prefilled_items: number;
  /** Size of the user's state; 0 when none was needed. */
  state_bytes: number;
  /** Known items of the history that come before the context window. */
  window_start: number;
  /** The context window has moved on since the last state, so the state was rebuilt. */
  window_moved: boolean;
  /** Whether the cache could not be read. The answer is right, and was computed from the log. */
  degraded: boolean;
}

/** One user's states during one request. A broken cache only costs time. */
export class UserStates implements States<UserCache> {
  readonly unused: UserCache = {
    status: 'miss',
    reused_items: 0,
    prefilled_items: 0,
    state_bytes: 0,
    window_start: 0,
    window_moved: false,
    degraded: false,
  };
  private readonly cache: StateCache;
  private readonly user: string;
  private readonly epoch: string;
  /** Of the model whose state was used. */
  private stateId: string | undefined;

  /** `epoch` is that of the log as it was read. */
  constructor(cache: StateCache, user: string, epoch: string) {
    this.cache = cache;
    this.user = user;
    this.epoch = epoch;
  }

  async find(model: Model, { events, items }: KnownHistory, run: Run): Promise<Found<UserCache>> {
    const { cache, user, epoch } = this;
    const { stateId, config } = model.manifest;
    const anchor = windowStart(items.length, config.contextWindow);
    const seen = items.slice(anchor);
    const keys = events.slice(anchor).map(eventKey);
    const wanted = { stateId, epoch, anchor, keys };
    const { stored, moved, failed } = await run.stage('state', () => cache.find(user, wanted));
    const reused = stored?.state.length ?? 0;
    let current = stored;
    if (current === null || reused < seen.length) {
      const state = await run.infer('prefill', () => model.prefill(seen.slice(reused), stored?.state));
      current = { stateId, epoch, anchor, digest: await digestOf(keys), state };
      await cache.remember(user, current);
    }
    this.stateId = stateId;
    const found = current;
    return {
      state: found.state,
      cache: {
        status: reused === 0 ? 'miss' : reused < seen.length ? 'extended' : 'hit',
        reused_items: reused,
        prefilled_items: seen.length - reused,
        state_bytes: stateBytes(found.state),
        window_start: anchor,
        window_moved: moved,
        degraded: failed,
      },
      list: (key, make) => cache.list(found, key, make),
    };
  }

  /**
   * Writes the state to the store after the response. Resolves to what was written, if anything. Never
   * rejects.
   */
  async persist(): Promise<StoredState | null> {
    return this.stateId === undefined ? null : this.cache.persist(this.user, this.stateId);
  }
}
