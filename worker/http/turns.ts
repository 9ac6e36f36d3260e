/** The engine goes round among callers: a list waits for one of each other's, however many these ask for. */

/** How often those who wait look whether it is their turn. */
const POLL_MS = 1;
/** Who has not looked for this long has lost its request. */
const GONE_MS = 1000;
/** Who runs for this long, too. */
const ABANDONED_MS = 30_000;

interface Ticket {
  caller: string;
  /** When it looked last. */
  looked: number;
}

/**
 * One piece of work at a time. As a request can't wait for a promise of another one (`models/host.ts`), those
 * who wait poll.
 */
export class Turns {
  private readonly waiting = new Set<Ticket>();
  private running: Ticket | undefined;
  /** Callers who wait or had a turn, the one whose last turn is the longest ago first. */
  private readonly order = new Set<string>();

  async take<T>(caller: string, work: () => Promise<T>): Promise<T> {
    const ticket = { caller, looked: Date.now() };
    this.waiting.add(ticket);
    this.order.add(caller);
    while (this.next() !== ticket) {
      await scheduler.wait(POLL_MS);
      ticket.looked = Date.now();
      this.waiting.add(ticket); // if it was taken for gone
    }
    this.waiting.delete(ticket);
    this.running = ticket;
    this.order.delete(caller);
    this.order.add(caller);
    try {
      return await work();
    } finally {
      this.end(ticket);
    }
  }

  private next(): Ticket | undefined {
    const now = Date.now();
    if (this.running && now - this.running.looked < ABANDONED_MS) return undefined;
    for (const ticket of this.waiting) if (now - ticket.looked > GONE_MS) this.waiting.delete(ticket);
    const first = new Map<string, Ticket>();
    for (const ticket of this.waiting) if (!first.has(ticket.caller)) first.set(ticket.caller, ticket);
    for (const caller of this.order) if (first.has(caller)) return first.get(caller);
    return undefined;
  }

  private end(ticket: Ticket): void {
    if (this.running === ticket) this.running = undefined;
    if (this.waiting.size === 0) this.order.clear();
  }
}
