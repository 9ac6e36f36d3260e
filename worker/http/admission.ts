/**
 * Which requests an isolate accepts. Requests do not wait for the engine itself, whose runs end in the turn
 * of the event loop in which they begin, but between turns. So what is limited is the work in flight.
 */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { LRUCache } from 'lru-cache';
import { sharerName } from './caller.ts';
import { Problem } from './problem.ts';
import { Turns } from './turns.ts';

/**
 * While less work is in flight, a new request may run inference. A list is one unit, and takes 10 to 20 ms of
 * a saturated process (docs/performance.md), so the last of fifty is answered within a second.
 */
export const MOST_INFERRING = 50;

/** While less work is in flight, a new request is accepted. Without inference, a request takes less time. */
export const MOST_IN_FLIGHT = 2 * MOST_INFERRING;

/** Of a request: one that asks for more than there is room for would never be answered. */
const LARGEST_WEIGHT = 32;

/** Items whose prefill takes about as long as a search, or as the start of any run. */
const SEARCH_ITEMS = 20;

/** Items whose prefill takes about as long as a request by itself: from its headers to its answer. */
const REQUEST_ITEMS = 100;

/** Items whose prefill takes about as long as parsing and checking a unit of a body. */
const UNIT_ITEMS = 50;

/** Most items in one turn: some 4 ms. Four turns of them take about as long as one of all (docs/log.md). */
const MOST_ITEMS = 128;

/** A request that takes longer has run into the CPU limit and will never be answered. */
const ABANDONED_AFTER_MS = 30_000;

/** While another caller was here within this time, a caller may have half of the work in flight. */
const AROUND_MS = 10_000;

declare module 'hono' {
  interface ContextVariableMap {
    admitted: Admitted;
  }
}

/** A request in flight. */
export interface Admitted {
  /** Whether it may run inference (`run.ts`). */
  mayInfer: boolean;
  /** Says how many lists it really asks for. @throws {Problem} `overloaded` when these are too many now */
  weigh(lists: number): void;
  /** Runs inference that computes so many items of a history, when it is the caller's turn. */
  infer<T>(items: number, work: () => Promise<T>): Promise<T>;
  /** Lets others in before more of a body is checked. */
  between(): Promise<void>;
  /** Most items of a history in one turn. */
  readonly mostItems: number;
}

interface InFlight {
  caller: string;
  weight: number;
  mayInfer: boolean;
  since: number;
}

export class Admission {
  private readonly waitUntil: (work: Promise<unknown>) => void;
  /** Requests in flight, in the order in which they came. */
  private readonly inFlight = new Set<InFlight>();
  private readonly around = new LRUCache<string, true>({ max: 1000, ttl: AROUND_MS, perf: Date });
  private readonly turns = new Turns();

  /** `waitUntil` keeps a request running when its client leaves; otherwise it would be counted for ever. */
  constructor(waitUntil: (work: Promise<unknown>) => void) {
    this.waitUntil = waitUntil;
  }

  /** For all routes that read or compute, as soon as the caller is known. */
  readonly arrival = createMiddleware(async (c, next) => {
    const caller = sharerName(c);
    this.around.set(caller, true);
    if (!this.isShared()) return next();
    const request = this.turns.expect(caller, REQUEST_ITEMS);
    await next().finally(() => this.turns.answered(request));
  });

  /**
   * For all routes that read or compute, once the body is there.
   * @throws {Problem} `overloaded` before anything is read or stored
   */
  readonly control = createMiddleware(async (c, next) => {
    this.dropAbandoned();
    const caller = sharerName(c);
    const request = { caller, weight: 1, mayInfer: true, since: Date.now() };
    if (!this.hasRoom(request, 1, MOST_IN_FLIGHT)) throw new Problem('overloaded');
    request.mayInfer = this.hasRoom(request, 1, MOST_INFERRING);
    c.set('admitted', this.admit(request));
    this.inFlight.add(request);
    const answered = this.begin(c, request)
      .then(next)
      .finally(() => this.inFlight.delete(request));
    this.waitUntil(answered);
    await answered;
  });

  /** A request is parsed, checked and begun in one piece, when it is the caller's turn. */
  private async begin(c: Context, { caller }: InFlight): Promise<void> {
    const units = 1 + (c.get('bodyUnits') ?? 0);
    if (this.isShared()) await this.turns.take(caller, units * UNIT_ITEMS, nothing);
  }

  private admit(request: InFlight): Admitted {
    const isShared = () => this.isShared();
    return {
      mayInfer: request.mayInfer,
      weigh: (lists) => {
        const weight = Math.min(lists, LARGEST_WEIGHT);
        if (!this.hasRoom(request, weight, MOST_INFERRING)) throw new Problem('overloaded');
        request.weight = weight;
      },
      infer: (items, work) => {
        if (!this.isShared()) return work();
        return this.turns.take(request.caller, items + SEARCH_ITEMS, work);
      },
      between: () => {
        if (!this.isShared()) return scheduler.wait(0);
        return this.turns.take(request.caller, UNIT_ITEMS, nothing);
      },
      get mostItems() {
        return isShared() ? MOST_ITEMS : Number.POSITIVE_INFINITY;
      },
    };
  }

  /** A caller with nothing else in flight gets as much as there is room for. */
  private hasRoom(request: InFlight, weight: number, most: number): boolean {
    const counts = (each: InFlight) => each !== request && (most === MOST_IN_FLIGHT || each.mayInfer);
    const others = [...this.inFlight].filter(counts);
    const own = others.filter(({ caller }) => caller === request.caller);
    if (weight + weightOf(others) > most) return false;
    return weight + weightOf(own) <= most / 2 || own.length === 0 || !this.isShared();
  }

  /** Whether there is more than one caller at this time. */
  private isShared(): boolean {
    if (this.around.size < 2) return false;
    const [, another] = this.around.keys(); // `size` counts those who have left, too
    return another !== undefined;
  }

  private dropAbandoned(): void {
    for (const request of this.inFlight) {
      if (Date.now() - request.since < ABANDONED_AFTER_MS) return;
      this.inFlight.delete(request);
    }
  }
}

function weightOf(requests: InFlight[]): number {
  return requests.reduce((sum, { weight }) => sum + weight, 0);
}

/** For what is done right after its turn has come. */
const nothing = async () => {};
