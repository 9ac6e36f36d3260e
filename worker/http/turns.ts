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
const PAUSE_MS = 3;
/** Who has not looked for this long has lost its request. */
const GONE_MS = 1000;
/** Who runs for this long, too. */
const ABANDONED_MS = 30_000;
/** With so many callers, those are forgotten whose work was done long ago. */
const MOST_CALLERS = 1000;

interface Ticket {
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
  private running: Ticket | undefined;
  /** The `start` of the piece that ran last: as much work is done, by the clock of this queue. */
  private done = 0;
  /** Whose work ran last, and how much of it without a pause. */
  private last = { caller: '', weight: 0 };
  /** Where each caller's own work ends that it has asked for so far. */
  private readonly ends = new Map<string, number>();

  /** `weight`: how much work it is, in any unit, above 0. */
  async take<T>(caller: string, weight: number, work: () => Promise<T>): Promise<T> {
    const ticket = this.join(caller, weight);
    for (let pause = this.pauseOf(caller); pause > 0 || this.next() !== ticket; pause = 0) {
      await scheduler.wait(pause || POLL_MS);
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

  private pauseOf(caller: string): number {
    return this.last.caller === caller && this.last.weight >= MOST_AT_ONCE ? PAUSE_MS : 0;
  }

  private join(caller: string, weight: number): Ticket {
    const start = Math.max(this.done, this.ends.get(caller) ?? 0);
    this.ends.set(caller, start + weight);
    const ticket = { start, looked: Date.now() };
    this.waiting.add(ticket);
    return ticket;
  }

  private next(): Ticket | undefined {
    const now = Date.now();
    if (this.running && now - this.running.looked < ABANDONED_MS) return undefined;
    let first: Ticket | undefined;
    for (const ticket of this.waiting) {
      if (now - ticket.looked > GONE_MS) this.waiting.delete(ticket);
      else if (first === undefined || ticket.start < first.start) first = ticket;
    }
    return first;
  }

  private end(ticket: Ticket): void {
    if (this.running === ticket) this.running = undefined;
    if (this.ends.size < MOST_CALLERS) return;
    for (const [caller, end] of this.ends) if (end <= this.done) this.ends.delete(caller);
  }
}
