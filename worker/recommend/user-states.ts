/**
 * A user's history and its state: from the log's newest events and from what was kept of the ones before,
 * which are read at the same time. Older events are read only when nothing that was kept fits.
 */
import { type StateCache, warn } from '../cache/state-cache.ts';
import { type StoredState, stateBytes } from '../cache/state-codec.ts';
import type { HistoryState } from '../engine/decoder.ts';
import { ModelUnavailable } from '../engine/errors.ts';
import type { Ranked } from '../engine/ranking.ts';
import { itemOf } from '../engine/token.ts';
import { type HistoryLog, HistoryUnavailable, TAIL_EVENTS, type Tail } from '../history/log.ts';
import type { Model } from '../models/model.ts';
import { type Fit, LogView } from './fit.ts';
import type { KnownHistory } from './history.ts';
import { prefilled } from './prefill.ts';
import type { Run } from './run.ts';
import type { Found, Reading, Source } from './states.ts';

/** How often a log is read that changes while it is read. */
const ATTEMPTS = 5;

export interface UserCache {
  /** `hit`: nothing was prefilled. `extended`: only what is new. `miss`: the whole context window. */
  status: 'hit' | 'extended' | 'miss';
  reused_items: number;
  prefilled_items: number;
  /** Size of the user's state; 0 when none was needed. */
  state_bytes: number;
  /** Events of the history that come before the context window. */
  window_start: number;
  /** The context window has moved on since the last state, so the state was rebuilt. */
  window_moved: boolean;
  /** Whether what was kept could not be read or used. The answer is right, and was computed from the log. */
  degraded: boolean;
}

/** One user during one request. A broken cache only costs time. */
export class UserSource implements Source<UserCache> {
  private readonly log: HistoryLog;
  private readonly cache: StateCache;
  private readonly user: string;
  private readonly tail: Promise<Tail>;
  /** Of the state that this request has kept in this isolate, and that the store does not have yet. */
  stateId: string | undefined;

  /** `tail` is of this user and this log, and may be on its way. */
  constructor(log: HistoryLog, cache: StateCache, user: string, tail: Promise<Tail>) {
    this.log = log;
    this.cache = cache;
    this.user = user;
    this.tail = tail;
    tail.catch(() => {}); // `read` throws it; a request may fail before that
  }

  async read(model: Model, run: Run): Promise<Reading<UserCache>> {
    const { cache, log, user } = this;
    const candidates: (StoredState | null | undefined)[] = [];
    const kept = cache.kept(user, model.manifest.stateId);
    const [tail] = await Promise.all([
      run.stage('log', () => this.tail),
      (async () => candidates.push(kept ?? (await run.stage('state', () => this.fetch(model)))))(),
    ]);
    let view = new LogView(model, tail);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const fit = view.best(candidates);
      if (view.reaches(fit)) {
        if (kept && view.refutes(kept)) cache.drop(user, kept);
        if (fit.stored) cache.remember(user, fit.stored, true);
        return this.reading(model, view, fit, candidates);
      }
      const proof = fit.stored?.position ?? 0;
      const [stretch] = await run.stage('older', () =>
        Promise.all([
          log.stretch(user, view.head, fit.needs, proof),
          // What this isolate remembers doesn't fit; another isolate may know better.
          (async () => kept && attempt === 0 && candidates.push(await this.fetch(model)))(),
        ]),
      );
      if (stretch) view.add(stretch, fit.needs, proof);
      else view = new LogView(model, await log.tail(user));
    }
    throw new HistoryUnavailable('the history changes faster than it can be read');
  }

  /**
   * Writes the state to the store after the response. Resolves to what was written, if anything. Never
   * rejects.
   */
  async persist(): Promise<StoredState | null> {
    return this.stateId === undefined ? null : this.cache.persist(this.user, this.stateId);
  }

  private reading(
    model: Model,
    view: LogView,
    fit: Fit,
    candidates: readonly (StoredState | null | undefined)[],
  ): Reading<UserCache> {
    const { stateId } = model.manifest;
    const { head, starts } = view;
    const history = view.history(fit);
    const past = fit.window && fit.stored ? usable(fit.stored, history) : null;
    const about = {
      window_start: starts.anchor,
      window_moved: !fit.window && candidates.some((other) => isEarlier(other, stateId, view)),
      degraded: candidates.includes(undefined),
    };
    const current: StoredState = {
      stateId,
      epoch: head.epoch,
      position: head.total,
      digest: head.digest ?? new Uint8Array(),
      anchor: starts.anchor,
      hadFrom: starts.had,
      history,
      state: past,
    };
    const isNew = fit.stored === null || fit.stored.position < head.total;
    // Without a state, what was had is worth keeping where the newest events don't tell it.
    if (head.total - (fit.stored?.position ?? 0) > TAIL_EVENTS / 2) this.keep(current);
    return {
      history,
      unused: { status: 'miss', reused_items: 0, prefilled_items: 0, state_bytes: 0, ...about },
      find: async (run) => {
        const items = [...history.items];
        const reused = past?.length ?? 0;
        const foundOf = (stored: StoredState, state: HistoryState, reused: number, degraded: boolean) => ({
          state,
          cache: {
            status: statusOf(reused, items.length),
            reused_items: reused,
            prefilled_items: items.length - reused,
            state_bytes: stateBytes(stored),
            ...about,
            degraded,
          },
          list: (name: string, make: () => Promise<Ranked[]>) =>
            this.cache.list(this.user, stored, name, make),
        });
        const renew = async (run: Run): Promise<Found<UserCache>> => {
          if (fit.stored) this.cache.drop(this.user, fit.stored);
          warn('state_refused', 'the engine fails with it');
          const state = await run.stage('prefill', () => prefilled(model, items, run));
          const stored = { ...current, state };
          this.keep(stored);
          return foundOf(stored, state, 0, true);
        };
        const complete = past !== null && reused === items.length;
        try {
          const state = complete
            ? past
            : await run.stage('prefill', () => prefilled(model, items.slice(reused), run, past ?? undefined));
          const stored = complete && !isNew ? fit.stored! : { ...current, state };
          this.keep(stored);
          return { ...foundOf(stored, state, reused, about.degraded), ...(past && { renew }) };
        } catch (error) {
          if (!(error instanceof ModelUnavailable) || past === null) throw error;
          return renew(run);
        }
      },
    };
  }

  /** What the store has, if the model can work with it: undefined where there is something else. */
  private async fetch(model: Model): Promise<StoredState | null | undefined> {
    const { stateId } = model.manifest;
    const stored = await this.cache.fetch(this.user, stateId);
    if (!stored || stored.stateId !== stateId || isWhole(stored, model)) return stored;
    warn('state_refused', 'its shape is not the model’s');
    return undefined;
  }

  /** Keeps the state in this isolate, unless nobody could tell whether it fits. */
  private keep(stored: StoredState): void {
    if (stored.digest.length === 0) return;
    this.stateId = stored.stateId;
    this.cache.remember(this.user, stored);
  }
}

function statusOf(reused: number, items: number): UserCache['status'] {
  if (reused === 0) return 'miss';
  return reused === items ? 'hit' : 'extended';
}

/** Its state, unless an event since then took out of the history what the state has read. */
function usable({ history, state }: StoredState, now: KnownHistory): HistoryState | null {
  const read = history.items.subarray(0, state?.length);
  return read.every((token, place) => token === now.items[place]) ? state : null;
}

/** Whether the state has the model's shapes, and names items that it has. */
function isWhole({ history, state }: StoredState, model: Model): boolean {
  const { contextWindow } = model.manifest.config;
  const items = model.catalogue.size;
  const exist = (tokens: Int32Array) => tokens.every((token) => token >= 0 && itemOf(token) < items);
  if (!exist(history.items) || !exist(history.had) || history.items.length > contextWindow) return false;
  return state === null || (state.length <= history.items.length && model.accepts(state));
}

/** Whether it is of an earlier context window of the log. */
function isEarlier(
  stored: StoredState | null | undefined,
  stateId: string,
  { head, starts }: LogView,
): boolean {
  return stored?.stateId === stateId && stored.epoch === head.epoch && stored.anchor < starts.anchor;
}
