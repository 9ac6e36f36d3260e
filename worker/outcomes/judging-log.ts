/** A log that tells what became of the lists that its users saw. */
import { forwarding } from '../history/forwarding.ts';
import type { Appended, HistoryLog } from '../history/log.ts';
import type { Judged } from './served.ts';
import { bucketOf } from './variants.ts';

/** The log; `judge` gets each list that was judged, and the bucket of its user. */
export function judgingLog(log: HistoryLog, judge: (list: Judged, bucket: number) => void): HistoryLog {
  const tell = async <T extends Pick<Appended, 'judged'>>(user: string, appended: T): Promise<T> => {
    if (appended.judged) judge(appended.judged, await bucketOf(user));
    return appended;
  };
  return forwarding(log, {
    append: async (user, events, key, seen) => tell(user, await log.append(user, events, key, seen)),
    appendAndTail: async (user, events, key, known, seen) =>
      tell(user, await log.appendAndTail(user, events, key, known, seen)),
    serve: async (user, served, head) => tell(user, await log.serve(user, served, head)),
  });
}
