/** A log whose appended events are counted, for what is trending and for the memory of transitions. */
import type { Event } from '../history/event.ts';
import { forwarding } from '../history/forwarding.ts';
import type { HistoryLog } from '../history/log.ts';
import { type Counting, REMEMBERED } from './counts.ts';

/** Events that happened longer ago are history, not news: someone imports a log. */
const NEWS_MS = 24 * 60 * 60 * 1000;
/** Times are seconds or milliseconds since 1970, as the caller counts. Seconds reach this in 5138. */
const MOST_SECONDS = 1e11;

export interface CountedLogOptions {
  counting: Counting;
  /** Called when there is something to send. */
  gathered(): void;
  /** Keeps the counting alive after the answer. */
  waitUntil(work: Promise<unknown>): void;
}

/** The log with every append counted. */
export function countedLog(
  log: HistoryLog,
  { counting, gathered, waitUntil }: CountedLogOptions,
): HistoryLog {
  /** `newest`: the log's, with the added ones at the end. */
  function count(added: readonly Event[], newest: readonly Event[]): void {
    const items = newest.map(({ item }) => item);
    const before = items.slice(0, -added.length).slice(-REMEMBERED);
    counting.add(before, items.slice(-added.length));
    gathered();
  }
  return forwarding(log, {
    async append(user, events, key) {
      const appended = await log.append(user, events, key);
      if (appended.outcome === 'added' && events.every(isNews)) {
        const counted = log.tail(user).then((tail) => count(events, tail.events));
        waitUntil(counted.catch(() => {})); // a statistic: the events themselves are stored
      }
      return appended;
    },
    async appendAndTail(user, events, key) {
      const tail = await log.appendAndTail(user, events, key);
      if (tail.outcome === 'added' && events.every(isNews)) count(events, tail.events);
      return tail;
    },
  });
}

function isNews({ time }: Event): boolean {
  if (time === undefined) return true;
  return Date.now() - (time < MOST_SECONDS ? time * 1000 : time) < NEWS_MS;
}
