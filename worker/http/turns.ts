/**
 * The engine goes round among callers by the work that they have it do, however much each of them asks for:
 * whoever has had the least is next (stride scheduling: Waldspurger and Weihl, MIT/LCS/TM-528, 1995).
 */

/** How often whoever is first of a caller's looks whether it is its turn. */
const POLL_MS = 1;
/** The later in line, the more seldom: each look leaves garbage, and that stops the isolate for everyone. */
const SELDOM_MS = 16;
/**
 * So much work is done, in the unit of the weights, before the event loop goes round. Until it does, a
 * request that comes stays in its socket.
 */
const MOST_AT_ONCE = 150;
/** Who asked for nothing for a while may have so much at once: a list after a short history. */
const CREDIT = 250;
/**
 * So much work waits for a request that is before it: between the parts of a request are reads, and each of
 * them would end behind a piece of somebody else's work (anticipatory scheduling, Iyer and Druschel, SOSP
 * 2001).
 */
const LARGE = 100;
/** How long work waits for such a request in all, apart from what is done meanwhile. */
const EXPECTED_MS = 10;
/** Who has not looked for this long has lost its request. */
const GONE_MS = 1000;
/** A request that is here for this long, or a piece that runs for this long, is lost as well. */
const ABANDONED_MS = 30_000;
/** With so many callers, those are forgotten who have had little and ask for nothing. */
const MOST_CALLERS = 1000;

/** A request that is here. */
export interface Expected {
  caller: Caller;
  since: number;
  /** Milliseconds for which others have waited for it. */
  awaited: number;
}

interface Ticket {
  weight: number;
  /** When it looked last. */
  looked: number;
}

interface Caller {
  /** How much work it has had, by the clock of this queue. */
  used: number;
  /** In the order in which they came. */
  readonly waiting: Set<Ticket>;
  readonly expected: Set<Expected>;
}

/**
 * One piece of work at a time. As a request can't wait for a promise of another one (`models/host.ts`), those
 * who wait poll.
 */
export class Turns {
  private readonly callers = new Map<string, Caller>();
  /** Those of them whose requests are here. */
  private readonly here = new Set<Caller>();
  private running: Ticket | undefined;
  /** What the caller whose piece ran last had had before it. */
  private clock = 0;
  /** Pieces that have ended. */
  private ended = 0;
  /** How much work was done since the event loop has gone round. */
  private atOnce = 0;
  /** When somebody waited last for a request that is expected. */
  private awaited = 0;

  /**
   * Says that a request of the caller is here, and what it costs apart from its turns. Work of those who have
   * had more lets it go first, until it is `answered`.
   */
  expect(name: string, weight: number): Expected {
    const caller = this.callerOf(name);
    const request = { caller, since: Date.now(), awaited: 0 };
    caller.expected.add(request);
    caller.used += weight;
    return request;
  }

  answered(request: Expected): void {
    request.caller.expected.delete(request);
  }

  /** `weight`: how much work it is, in any unit, above 0. */
  async take<T>(name: string, weight: number, work: () => Promise<T>): Promise<T> {
    const caller = this.callerOf(name);
    const ticket = { weight, looked: Date.now() };
    if (caller.waiting.size === 0) this.catchUp(caller);
    caller.waiting.add(ticket);
    while (this.next() !== ticket || !this.hasRested(weight)) {
      const { ended } = this;
      await scheduler.wait(Math.min(POLL_MS + placeOf(ticket, caller.waiting), SELDOM_MS));
      // Timers that were due at the same time come one after another, and nothing else in between.
      if (ended === this.ended) this.atOnce = 0;
      ticket.looked = Date.now();
      caller.waiting.add(ticket); // if it was taken for gone
      this.here.add(caller);
    }
    caller.waiting.delete(ticket);
    this.clock = Math.max(this.clock, caller.used);
    caller.used += weight;
    this.atOnce += weight;
    this.running = ticket;
    try {
      return await work();
    } finally {
      this.ended++;
      if (this.running === ticket) this.running = undefined;
    }
  }

  private callerOf(name: string): Caller {
    if (this.callers.size >= MOST_CALLERS) this.forget();
    const caller = this.callers.get(name) ?? { used: 0, waiting: new Set(), expected: new Set() };
    this.callers.set(name, caller);
    if (!isHere(caller)) this.catchUp(caller);
    this.here.add(caller);
    return caller;
  }

  /** Nobody saves up turns while others work: not by absence, and not by requests that never end. */
  private catchUp(caller: Caller): void {
    caller.used = Math.max(caller.used, this.clock - CREDIT);
  }

  private forget(): void {
    for (const [name, caller] of this.callers) {
      if (!isHere(caller) && caller.used <= this.clock) this.callers.delete(name);
    }
  }

  /** Whether the event loop need not go round before so much work. */
  private hasRested(weight: number): boolean {
    return this.atOnce === 0 || this.atOnce + weight <= MOST_AT_ONCE;
  }

  private next(): Ticket | undefined {
    const now = Date.now();
    if (this.running && now - this.running.looked < ABANDONED_MS) return undefined;
    let next: Ticket | undefined;
    let coming: Expected | undefined;
    let [least, leastComing] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const caller of this.here) {
      const { used, waiting, expected } = caller;
      if (!isHere(caller)) this.here.delete(caller);
      const first = firstHere(waiting, now);
      if (first !== undefined && used < least) [next, least] = [first, used];
      if (first !== undefined || used >= leastComing) continue;
      const request = firstComing(expected, now);
      if (request !== undefined) [coming, leastComing] = [request, used];
    }
    if (!next || !coming || least <= leastComing || next.weight < LARGE) return next;
    // Of the time since the last look, the rest was somebody's work.
    coming.awaited += Math.min(now - this.awaited, POLL_MS);
    this.awaited = now;
    return undefined;
  }
}

/** Whether any of its requests is here. */
const isHere = ({ waiting, expected }: Caller) => waiting.size > 0 || expected.size > 0;

/** How many came before it. */
function placeOf(ticket: Ticket, waiting: Set<Ticket>): number {
  let place = 0;
  for (const each of waiting) {
    if (each === ticket) break;
    place++;
  }
  return place;
}

/** Whoever came first; those who are gone are forgotten. */
function firstHere(waiting: Set<Ticket>, now: number): Ticket | undefined {
  for (const ticket of waiting) {
    if (now - ticket.looked <= GONE_MS) return ticket;
    waiting.delete(ticket);
  }
  return undefined;
}

/** Whoever came first of those who have not been awaited for long; those who are lost are forgotten. */
function firstComing(expected: Set<Expected>, now: number): Expected | undefined {
  for (const request of expected) {
    if (now - request.since > ABANDONED_MS) expected.delete(request);
    else if (request.awaited <= EXPECTED_MS) return request;
  }
  return undefined;
}
