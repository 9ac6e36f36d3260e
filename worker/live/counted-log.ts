/** A log whose appended events are counted, for what is trending and for the memory of transitions. */
import { type EventMeaning, isNegative, isTarget, standing } from '../events/event-types.ts';
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
  /** What types of events mean to the model, if anything. It may throw while there is no model. */
  meaning(): Promise<EventMeaning | undefined>;
}

/**
 * The log with every append counted as the training counts: events that a list should lead to, after all that
 * stand before them. What a merge brings was counted when it was appended.
 */
export function countedLog(log: HistoryLog, { counting, gathered, meaning }: CountedLogOptions): HistoryLog {
  /** null: types mean nothing. A model does not change while it serves. */
  let known: EventMeaning | null | undefined;

  async function count(
    { outcome, preceding }: Pick<Appended, 'outcome' | 'preceding'>,
    events: readonly Event[],
  ): Promise<void> {
    // Objects of older code don't say what came before: a statistic does without.
    if (outcome !== 'added' || preceding === undefined) return;
    if (events.length > MOST_AT_ONCE || !events.every(isNews)) return;
    try {
      if (known === undefined) known = (await meaning()) ?? null;
    } catch {
      return; // nothing is counted that may mean something else
    }
    const means = known;
    const all = [...preceding, ...events].map(({ item, type }, at) => ({
      item,
      negative: means !== null && isNegative(means, type),
      target: means === null || isTarget(means, type),
      added: at >= preceding.length,
    }));
    const kept = standing(
      all,
      ({ item }) => item,
      ({ negative }) => negative,
    );
    if (!kept.some(({ added }) => added)) return;
    counting.add(kept);
    gathered();
  }
  return forwarding(log, {
    async append(user, events, key, seen) {
      const appended = await log.append(user, events, key, seen);
      await count(appended, events);
      return appended;
    },
    async appendAndTail(user, events, key, known, seen) {
      const appended = await log.appendAndTail(user, events, key, known, seen);
      await count(appended, events);
      return appended;
    },
  });
}

function isNews({ time }: Event): boolean {
  if (time === undefined) return true;
  return Date.now() - (time < MOST_SECONDS ? time * 1000 : time) < NEWS_MS;
}
