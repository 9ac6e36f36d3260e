/**
 * Which requests an isolate takes in. They do not wait at the engine, where a run ends in the turn of the event loop in which
 * it began, but between their turns. So requests are counted, from when they come until they are answered.
 */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { Model } from '../models/model.ts';
import { Problem } from './problem.ts';

/**
 * Up to so many requests in hand, a new one may use the engine. Each takes 10 to 20 ms of a saturated process
 * (docs/performance.md), so the last of fifty is answered within a second: what a page lets its visitors wait.
 */
export const MOST_WITH_ENGINE = 50;

/** Up to so many, a new one is taken in: what does not need the engine takes less. */
export const MOST_IN_HAND = 2 * MOST_WITH_ENGINE;

/** A request that takes longer (CPU limit) will never be answered. */
const ABANDONED_AFTER_MS = 30_000;

declare module 'hono' {
  interface ContextVariableMap {
    /** Whether the request was taken in without a right to the engine. */
    withoutEngine: boolean | undefined;
  }
}

export class Admission {
  private readonly waitUntil: (work: Promise<unknown>) => void;
  /** Requests in hand, in the order in which they came. */
  private readonly inHand = new Set<{ since: number }>();

  /** `waitUntil` lets a request go on when its client leaves. Else Cloudflare ends it, and nobody would say so here. */
  constructor(waitUntil: (work: Promise<unknown>) => void) {
    this.waitUntil = waitUntil;
  }

  /** For all routes that read or compute. @throws {Problem} `overloaded` before anything is read or stored for the request */
  readonly control = createMiddleware(async (c, next) => {
    this.dropAbandoned();
    const { inHand } = this;
    if (inHand.size >= MOST_IN_HAND) throw new Problem('overloaded');
    c.set('withoutEngine', inHand.size >= MOST_WITH_ENGINE);
    const request = { since: Date.now() };
    inHand.add(request);
    const answered = next().finally(() => inHand.delete(request));
    this.waitUntil(answered);
    await answered;
  });

  private dropAbandoned(): void {
    for (const request of this.inHand) {
      if (Date.now() - request.since < ABANDONED_AFTER_MS) return;
      this.inHand.delete(request);
    }
  }
}

/** The model as the request may use it: without a right to the engine, what must be computed is refused before it begins. */
export function admitted(c: Context, model: Model): Model {
  if (!c.get('withoutEngine')) return model;
  const refuse = () => Promise.reject(new Problem('overloaded'));
  return Object.create(model, {
    prefill: { value: refuse },
    itemLogProbs: { value: refuse },
    beamSearch: { value: refuse },
  });
}
