/** How much of what was kept of a user is true of the log as it is now. */
import type { StoredState } from '../cache/state-codec.ts';
import { sameDigest } from '../history/chain.ts';
import type { Event } from '../history/event.ts';
import type { Head, Stretch, Tail } from '../history/log.ts';
import type { Model } from '../models/model.ts';
import {
  extended,
  historyOf,
  isOutdated,
  type KnownHistory,
  type Starts,
  startsOf,
  windowOf,
} from './history.ts';

/** A kept state beside the log. */
export interface Fit {
  /** null: nothing that was kept is of use. */
  stored: StoredState | null;
  /** The log's digest at the state's position is the state's. false: not known yet. */
  proven: boolean;
  /** It has the same context window, or the same beginning of what counts as had. */
  window: boolean;
  had: boolean;
  /** The events after this number must be known to go on from it. */
  needs: number;
}

/** The part of a log that was read, beside what is kept of the part before. */
export class LogView {
  readonly head: Head;
  readonly starts: Starts;
  private readonly model: Model;
  /** The events after the number `after`, up to the newest. */
  private after: number;
  private events: Event[];
  /** Chain digests by the event's number. */
  private readonly digests = new Map<number, Uint8Array | null>();

  constructor(model: Model, tail: Tail) {
    this.model = model;
    this.head = tail;
    this.starts = startsOf(tail.total, tail.dropped, model.manifest.config.contextWindow);
    this.events = tail.events;
    this.after = tail.total - tail.events.length;
    const proven = tail.total - tail.digests.length;
    for (const [index, digest] of tail.digests.entries()) this.digests.set(proven + index + 1, digest);
  }

  /** More of the log: the events after the number `after`, and the digest of the event `proven`. */
  add({ events, proof }: Stretch, after: number, proven: number): void {
    this.events = events;
    this.after = after;
    if (!this.digests.has(proven)) this.digests.set(proven, proof);
  }

  /** Whether what was read is enough to go on from there. */
  reaches({ needs, proven }: Fit): boolean {
    return proven && needs >= this.after;
  }

  /** The state for which the fewest events must be read. */
  best(candidates: readonly (StoredState | null | undefined)[]): Fit {
    const { anchor, had } = this.starts;
    let best: Fit = { stored: null, proven: true, window: false, had: false, needs: Math.min(anchor, had) };
    for (const stored of candidates) {
      const fit = stored && this.fit(stored);
      if (fit && fit.needs > best.needs) best = fit;
    }
    return best;
  }

  /** The whole history, from a fit that `reaches`. */
  history({ stored, window, had }: Fit): KnownHistory {
    const { anchor, had: hadFrom } = this.starts;
    if (!stored || !had) return historyOf(this.model, this.since(hadFrom), anchor - hadFrom);
    const known = extended(stored.history, this.model, this.since(stored.position));
    if (window) return known;
    return { ...known, items: windowOf(this.model, this.since(anchor)) };
  }

  /** Whether the state is not one of this log. One of a longer log may be: another request read it later. */
  refutes(stored: StoredState): boolean {
    return stored.position <= this.head.total && this.fit(stored) === null;
  }

  /** null when nothing of the state is true, or it is known already that it is not. */
  private fit(stored: StoredState): Fit | null {
    const { head, starts, model } = this;
    const { position } = stored;
    if (stored.stateId !== model.manifest.stateId || stored.epoch !== head.epoch) return null;
    if (position > head.total || position <= head.dropped) return null;
    const digest = this.digests.get(position);
    const proven = digest !== undefined;
    if (proven && !sameDigest(digest, stored.digest)) return null;
    if (isOutdated(stored.history, model.catalogue)) return null;
    const window = stored.anchor === starts.anchor;
    const had = stored.hadFrom === starts.had;
    const needs = Math.min(
      window ? position : starts.anchor,
      had ? position : starts.had,
      proven ? position : position - 1,
    );
    return { stored, proven, window, had, needs };
  }

  private since(number: number): Event[] {
    return this.events.slice(number - this.after);
  }
}
