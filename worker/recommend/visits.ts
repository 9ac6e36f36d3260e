/**
 * What a list leaves to be written: the user's state, in the store, and the list itself, in the user's log,
 * which holds it until events say what became of it. Someone who goes on soon needs neither: this isolate has
 * the state, and the next event takes the list along. So both are written once, when the user pauses.
 */
import { LRUCache } from 'lru-cache';
import { BUDGET } from '../cache/budget.ts';
import type { StateCache } from '../cache/state-cache.ts';
import { forwarding } from '../history/forwarding.ts';
import type { Appended, HistoryLog, Seen } from '../history/log.ts';

/**
 * Of someone who does nothing for so long. Sooner than a user's object is put away, after 10 seconds without
 * a call: https://developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle/
 */
export const PAUSE_MS = 8000;
/** Around a list. */
const LEFT_BYTES = 1000;

export interface Left {
  /** Of the state that was computed; undefined where none was. */
  stateId?: string;
  /** The list, unless it is empty. */
  seen?: Seen;
  /** Another one of the user came after it. */
  isOld?: true;
}

export interface VisitsOptions {
  log: HistoryLog;
  cache: StateCache;
  /** @default PAUSE_MS */
  pauseMs?: number;
}

export class Visits {
  /** The log, whose new events take along the list that their user saw last in this isolate. */
  readonly log: HistoryLog;
  private readonly cache: StateCache;
  private readonly pauseMs: number;
  /** By user; of users who have not paused yet. Of too many, the oldest wait for their pause alone. */
  private readonly latest = new LRUCache<string, Left>({
    maxSize: BUDGET.visits,
    sizeCalculation: ({ seen }, user) =>
      LEFT_BYTES + 2 * (user.length + (seen?.list.items.join().length ?? 0)),
  });

  constructor({ log, cache, pauseMs = PAUSE_MS }: VisitsOptions) {
    this.cache = cache;
    this.pauseMs = pauseMs;
    const seenBy = (user: string) => this.latest.peek(user)?.seen;
    this.log = forwarding(log, {
      append: async (user, events, key) => this.took(user, await log.append(user, events, key, seenBy(user))),
      appendAndTail: async (user, events, key, known) =>
        this.took(user, await log.appendAndTail(user, events, key, known, seenBy(user))),
    });
  }

  /**
   * Writes what a list left, unless another list of the user comes before the pause; `atOnce`: without one.
   * An isolate that ends before has lost time, or a list that would have been judged.
   *
   * The user may be deleted, through any isolate, while a state of the deleted log is on its way to the
   * store. So the log is asked after the write, and a state that should not be there is removed. One that
   * stays all the same fits no other log, and expires.
   */
  async keep(user: string, left: Left, atOnce: boolean): Promise<void> {
    const { cache, log, latest } = this;
    const before = latest.peek(user);
    if (before) before.isOld = true;
    latest.set(user, left);
    if (!atOnce && this.pauseMs > 0) await pause(this.pauseMs);
    if (left.isOld) return;
    if (latest.peek(user) === left) latest.delete(user);
    const written = left.stateId === undefined ? null : await cache.persist(user, left.stateId);
    if (!left.seen && !written) return;
    const { epoch } = left.seen ? await log.serve(user, left.seen.list, left.seen) : await log.length(user);
    if (written && epoch !== written.epoch) await cache.forget(user, [written.stateId]);
  }

  /** The list was taken along if it was judged: other events may have come before these. */
  private took<T extends Pick<Appended, 'judged'>>(user: string, appended: T): T {
    const left = this.latest.peek(user);
    if (left?.seen && left.seen.list.id === appended.judged?.id) left.seen = undefined;
    return appended;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
