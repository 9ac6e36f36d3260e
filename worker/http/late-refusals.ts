/**
 * When callers that are over their limit hear so. A refusal costs little, but whoever asks again at once has
 * a thousand of them a second, and their garbage stops the isolate for everyone (docs/log.md). So these are
 * answered late: a client that waits for each answer then asks once a second.
 */
import { LRUCache } from 'lru-cache';

/** Refusals within a caller's period that come at once: a page's requests that were sent side by side. */
const AT_ONCE = 20;
/** From half of it to one and a half: those who are told at the same time ask again at the same time. */
const LATE_MS = 1000;
/** Requests that wait hold some kilobytes each. When there are more, the others are refused at once. */
const MOST_WAITING = 512;

export class LateRefusals {
  /** How often a caller was refused. */
  private readonly refused: LRUCache<string, number>;
  /** When those who wait will be answered; also those whose clients have left. */
  private due: number[] = [];

  constructor(periodMs: number) {
    this.refused = new LRUCache({ max: 1000, ttl: periodMs, perf: Date });
  }

  /** Ends when the caller may be told that it is refused. */
  async wait(caller: string): Promise<void> {
    const times = (this.refused.get(caller) ?? 0) + 1;
    this.refused.set(caller, times);
    const now = Date.now();
    this.due = this.due.filter((time) => time > now);
    if (times <= AT_ONCE || this.due.length >= MOST_WAITING) return;
    const ms = LATE_MS * (0.5 + Math.random());
    this.due.push(now + ms);
    await scheduler.wait(ms);
  }
}
