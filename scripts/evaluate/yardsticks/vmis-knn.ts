/**
 * VMIS-kNN, the session-based nearest neighbours of Serenade (Kersbergen et al., SIGMOD 2022). The sessions
 * are the users' whole histories:
 *
 * 1. Of the sessions that share an item with the newest `newest` different items of the history, the
 *    `sessions` most recent ones are candidates.
 * 2. The similarity of a session is the sum of the weights of the shared items. Weights fall linearly from 1
 *    for the newest item. The `neighbours` most similar sessions are kept.
 * 3. Each of them adds its similarity to the scores of its items, times 1 - pos / 10 for the position (from
 *    1) of the newest shared item, times log(all sessions / sessions with the item).
 */
import { newestDistinct, occurrencesOf, withoutRepeats } from './training-log.ts';
import { combinations, type Yardstick } from './yardstick.ts';

export const vmisKnn: Yardstick = {
  grid: combinations({ newest: [2, 5], sessions: [500, 5000], neighbours: [100, 500] }),
  fit(log) {
    const sessions = withoutRepeats(log);
    const count = sessions.histories.length;
    const { starts, histories: containing } = occurrencesOf(sessions);
    const rarity = Float64Array.from(starts.subarray(1), (end, item) =>
      Math.log(count / (end - starts[item])),
    );
    // In units of the oldest item's weight, so that they are whole numbers.
    const similarity = new Int32Array(count);
    const newestShared = new Int32Array(count);
    const found = new Int32Array(count);
    const keys = new Float64Array(count);

    return ({ newest, sessions: most, neighbours }) =>
      (history, scores) => {
        const items = newestDistinct(history, newest);
        let matches = 0;
        for (const [age, item] of items.entries()) {
          const end = starts[item + 1];
          for (let at = Math.max(starts[item], end - most); at < end; at++) {
            const session = containing[at];
            if (similarity[session] === 0) {
              found[matches++] = session;
              newestShared[session] = age + 1;
            }
            similarity[session] += items.length - age;
          }
        }
        // Sessions are numbered by time. The key sorts by similarity, then by recency.
        const recent = found.subarray(0, matches).sort().subarray(-most);
        const sorted = keys.subarray(0, recent.length);
        for (const [at, session] of recent.entries()) sorted[at] = similarity[session] * count + session;
        for (const key of sorted.sort().subarray(-neighbours)) {
          const session = key % count;
          const shared = similarity[session] / items.length;
          const weight = shared * Math.max(0, 1 - newestShared[session] / 10);
          for (const item of sessions.histories[session]) scores[item] += weight * rarity[item];
        }
        for (let at = 0; at < matches; at++) similarity[found[at]] = 0;
      };
  },
};
