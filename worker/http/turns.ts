/**
 * The engine goes round among callers by the work that they have it do, however much each of them asks for:
 * start-time fair queueing (Goyal and others, SIGCOMM 1996).
 */

/** How often those who wait look whether it is their turn. */
const POLL_MS = 1;
/**
 * After so much work of one caller without a pause (in the unit of the weights) there is one. Work goes on in
 * microtasks, and for as long as there are any, a request that comes stays in its socket.
 */
const MOST_AT_ONCE = 100;
/**
 * So much work waits so long for a request that is before it: between the parts of a request are reads, and
 * each of them would end behind a piece of somebody else's work (anticipatory scheduling, Iyer and Druschel,
 * SOSP 2001).
 */
const EXPECTED_MS = 10;
/** Who has not looked for this long has lost its request. */
const GONE_MS = 1000;
/** Who runs for this long, too. */
const ABANDONED_MS = 30_000;
/** With so many callers, those are forgotten whose work was done long ago. */
const MOST_CALLERS = 1000;

interface Ticket {
  caller: string;
  weight: number;
  /**
   * The work that was done when it came, or what is before it of its caller's own. Whoever has the least is
   * next, so who asks for little waits for what runs, and for nothing that is queued by who asks for much.
   */
  start: number;
  /** When it looked last. */
  looked: number;
}

/**
 * One piece of work at a time. As a request can't wait for a promise of another one (`models/host.ts`), those
 * who wait poll.
 */
export class Turns {
  /** In the order in which they came. */
  private readonly waiting = new Set<Ticket>();
  /** Those of requests that are here and may ask soon, in the same order. */
  private readonly expected = new Set<Ticket>();
  private running: Ticket | undefined;
  /** The `start` of the piece that ran last: as much work is done, by the clock of this queue. */
  private done = 0;
  /** Whose work ran last, and how much of it without a pause. */
  private last = { caller: '', weight: 0 };
  /** Where each caller's own work ends that it has asked for so far. */
  private readonly ends = new Map<string, number>();

  /**
   * Says that a request of the caller is here, and what it costs apart from its turns. Whoever is later in
   * line lets it go first. Returns how to say that it is answered.
   */
  expect(caller: string, weight: number): () => void {
    const ticket = this.ticket(caller, weight);
    this.expected.add(ticket);
    return () => void this.expected.delete(ticket);
  }

  /** `weight`: how much work it is, in any unit, above 0. */
  async take<T>(caller: string, weight: number, work: () => Promise<T>): Promise<T> {
    const ticket = this.ticket(caller, weight);
    this.waiting.add(ticket);
    for (let pause = this.needsPause(caller); pause || this.next() !== ticket; pause = false) {
      await scheduler.wait(POLL_MS);
      this.last = { caller: '', weight: 0 };
      ticket.looked = Date.now();
      this.waiting.add(ticket); // if it was taken for gone
    }
    this.last = { caller, weight: weight + (this.last.caller === caller ? this.last.weight : 0) };
    this.waiting.delete(ticket);
    this.running = ticket;
    this.done = ticket.start;
    try {
      return await work();
    } finally {
      this.end(ticket);
    }
  }

  private needsPause(caller: string): boolean {
    return this.last.caller === caller && this.last.weight >= MOST_AT_ONCE;
  }

  private ticket(caller: string, weight: number): Ticket {
    const start = Math.max(this.done, this.ends.get(caller) ?? 0);
    this.ends.set(caller, start + weight);
    return { caller, weight, start, looked: Date.now() };
  }

  private next(): Ticket | undefined {
    if (this.running && Date.now() - this.running.looked < ABANDONED_MS) return undefined;
    const next = first(this.waiting, GONE_MS);
    const coming = first(this.expected, EXPECTED_MS);
    if (!next || !coming || next.start <= coming.start) return next;
    const its = [...this.waiting].find(({ caller }) => caller === coming.caller);
    return its ?? (next.weight < MOST_AT_ONCE ? next : undefined);
  }

  private end(ticket: Ticket): void {
    if (this.running === ticket) this.running = undefined;
    if (this.ends.size < MOST_CALLERS) return;
    for (const [caller, end] of this.ends) if (end <= this.done) this.ends.delete(caller);
  }
}

/** Whoever is before all others; those who are gone are forgotten. */
function first(tickets: Set<Ticket>, goneMs: number): Ticket | undefined {
  const now = Date.now();
  let first: Ticket | undefined;
  for (const ticket of tickets) {
    if (now - ticket.looked > goneMs) tickets.delete(ticket);
    else if (first === undefined || ticket.start < first.start) first = ticket;
  }
  return first;
}
