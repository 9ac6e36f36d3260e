/** A log whose appended events are counted, for what is trending and for the memory of transitions. */
import type { Event } from '../history/event.ts';
import { forwarding } from '../history/forwarding.ts';
import type { Appended, HistoryLog } from '../history/log.ts';
import type { Counting } from './counts.ts';

/** Events that happened longer ago are history, not news: someone imports a log. */
const NEWS_MS = 24 * 60 * 60 * 1000;
/** More events at once are a log that moves in, whatever their times say. */
const MOST_AT_ONCE = 64;
/** Times are seconds or milliseconds since 1970, as the caller counts. Seconds reach this in 5138. */
const MOST_SECONDS = 1e11;

export interface CountedLogOptions {
  counting: Counting;
  /** Called when there is something to send. */
  gathered(): void;
}

/** The log with every append counted. What a merge brings was counted when it was appended. */
export function countedLog(log: HistoryLog, { counting, gathered }: CountedLogOptions): HistoryLog {
  function count({ outcome, before }: Pick<Appended, 'outcome' | 'before'>, events: readonly Event[]): void {
    // Objects of older code don't say what came before: a statistic does without.
    if (outcome !== 'added' || before === undefined) return;
    if (events.length > MOST_AT_ONCE || !events.every(isNews)) return;
    counting.add(
      before,
      events.map(({ item }) => item),
    );
    gathered();
  }
  return forwarding(log, {
    async append(user, events, key) {
      const appended = await log.append(user, events, key);
      count(appended, events);
      return appended;
    },
    async appendAndTail(user, events, key, known) {
      const appended = await log.appendAndTail(user, events, key, known);
      count(appended, events);
      return appended;
    },
  });
}

function isNews({ time }: Event): boolean {
  if (time === undefined) return true;
  return Date.now() - (time < MOST_SECONDS ? time * 1000 : time) < NEWS_MS;
}
