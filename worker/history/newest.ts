/**
 * The end of a log as its object's instance last read or wrote it; nobody else writes to it. Someone who goes
 * on is answered from here.
 */
import { sameDigest } from './chain.ts';
import { type Head, type Known, TAIL_EVENTS, type Tail } from './log.ts';
import { apart, type ChainedEvent, newestEvents } from './reading.ts';
import { headOf } from './schema.ts';

const NOBODY: Head = { epoch: '', total: 0, dropped: 0, digest: null };

export class Newest {
  private readonly sql: SqlStorage;
  private knownHead?: Head;
  private knownEvents: ChainedEvent[] = [];

  constructor(sql: SqlStorage) {
    this.sql = sql;
  }

  get head(): Head {
    this.knownHead ??= headOf(this.sql) ?? NOBODY;
    return this.knownHead;
  }

  /** The newest events, as many as are known without reading, oldest first. */
  get known(): readonly ChainedEvent[] {
    return this.knownEvents;
  }

  /** The log is at this head, and its newest events are these. */
  note(head: Head, events: ChainedEvent[] = []): void {
    this.knownHead = head;
    this.knownEvents = events.slice(-Math.min(TAIL_EVENTS, head.total - head.dropped));
  }

  /** The log may have become another one. */
  forget(): void {
    this.knownHead = undefined;
    this.knownEvents = [];
  }

  /** So many events, at most `TAIL_EVENTS`, oldest first. */
  events(count: number): ChainedEvent[] {
    const { total, dropped } = this.head;
    const wanted = Math.min(count, total - dropped);
    if (wanted === 0) return [];
    if (this.knownEvents.length < wanted) this.knownEvents = newestEvents(this.sql, wanted, 0);
    return this.knownEvents.slice(-wanted);
  }

  /** What came after the place that the caller knows, or else the newest events. */
  tail(known?: Known): Tail {
    return (known && this.since(known)) ?? { ...this.head, ...apart(this.events(TAIL_EVENTS)) };
  }

  /** undefined when the place is none of this log, or far back. */
  private since({ epoch, position, digest }: Known): Tail | undefined {
    const { head } = this;
    const count = head.total - position;
    if (epoch !== head.epoch || position <= head.dropped || count < 0 || count >= TAIL_EVENTS)
      return undefined;
    const { events, digests } =
      count > 0 ? apart(this.events(count + 1)) : { events: [], digests: [head.digest] };
    return sameDigest(digests[0], digest) ? { ...head, events, digests } : undefined;
  }
}
