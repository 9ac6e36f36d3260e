import type { HistoryLog } from './log.ts';

/** A log that does some things in its own way, and everything else as the one behind it. */
export function forwarding(log: HistoryLog, own: Partial<HistoryLog>): HistoryLog {
  return {
    append: (user, events, key, seen) => log.append(user, events, key, seen),
    appendAndTail: (user, events, key, known, seen) => log.appendAndTail(user, events, key, known, seen),
    tail: (user, known) => log.tail(user, known),
    stretch: (user, head, after, proof) => log.stretch(user, head, after, proof),
    page: (user, limit, before) => log.page(user, limit, before),
    length: (user) => log.length(user),
    serve: (user, served, head) => log.serve(user, served, head),
    takeBack: (user, place) => log.takeBack(user, place),
    merge: (user, from) => log.merge(user, from),
    clear: (user) => log.clear(user),
    ...own,
  };
}
