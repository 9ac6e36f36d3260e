/**
 * Which requests an isolate accepts. Requests do not wait for the engine itself, whose runs end in the turn
 * of the event loop in which they begin, but between turns. So what is limited is the number of requests in
 * flight.
 */
import { createMiddleware } from 'hono/factory';
import { Problem } from './problem.ts';

/**
 * While fewer requests are in flight, a new one may run inference. Each takes 10 to 20 ms of a saturated
 * process (docs/performance.md), so the last of fifty is answered within a second.
 */
export const MOST_INFERRING = 50;

/**
 * While fewer requests are in flight, a new one is accepted. Without inference, a request takes less time.
 */
export const MOST_IN_FLIGHT = 2 * MOST_INFERRING;

/** A request that takes longer has run into the CPU limit and will never be answered. */
const ABANDONED_AFTER_MS = 30_000;

declare module 'hono' {
  interface ContextVariableMap {
    /** Whether the request may run inference (`run.ts`). */
    mayInfer: boolean;
  }
}

export class Admission {
  private readonly waitUntil: (work: Promise<unknown>) => void;
  /** Requests in flight, in the order in which they came. */
  private readonly inFlight = new Set<{ since: number }>();

  /** `waitUntil` keeps a request running when its client leaves; otherwise it would be counted for ever. */
  constructor(waitUntil: (work: Promise<unknown>) => void) {
    this.waitUntil = waitUntil;
  }

  /** For all routes that read or compute. @throws {Problem} `overloaded` before anything is read or stored */
  readonly control = createMiddleware(async (c, next) => {
    this.dropAbandoned();
    const { inFlight } = this;
    if (inFlight.size >= MOST_IN_FLIGHT) throw new Problem('overloaded');
    c.set('mayInfer', inFlight.size < MOST_INFERRING);
    const request = { since: Date.now() };
    inFlight.add(request);
    const answered = next().finally(() => inFlight.delete(request));
    this.waitUntil(answered);
    await answered;
  });

  private dropAbandoned(): void {
    for (const request of this.inFlight) {
      if (Date.now() - request.since < ABANDONED_AFTER_MS) return;
      this.inFlight.delete(request);
    }
  }
}
