/** The training part of a log, as the yardsticks count it. */

export interface TrainingLog {
  /** Item indices, oldest first. Users are in the order of their last events, oldest first. */
  histories: readonly Int32Array[];
  /** 1 for each event that a list should lead to, 0 for the others. Without it all are. */
  targets?: readonly Uint8Array[];
  /** Number of items in the catalogue. */
  items: number;
}

/** How often each item occurs. */
export function countsOf({ histories, items }: TrainingLog): Float64Array {
  const counts = new Float64Array(items);
  for (const history of histories) for (const item of history) counts[item]++;
  return counts;
}

/** The events alone that a list should lead to. */
export function onlyTargets({ histories, targets, items }: TrainingLog): TrainingLog {
  if (!targets) return { histories, items };
  const kept = histories.map((history, user) => history.filter((_, place) => targets[user][place] === 1));
  return { histories: kept, items };
}

/** Item indices from the most frequent target on; equally frequent ones keep the catalogue's order. */
export function byPopularity(log: TrainingLog): Int32Array {
  const counts = countsOf(onlyTargets(log));
  return Int32Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a] || a - b);
}

/** Where each item occurs: those of item i stand from `starts[i]` up to `starts[i + 1]`. */
export interface Occurrences {
  starts: Int32Array;
  /** Index of the history, ascending within an item. */
  histories: Int32Array;
  /** Place in that history. */
  places: Int32Array;
}

export function occurrencesOf(log: TrainingLog): Occurrences {
  const counts = countsOf(log);
  const starts = new Int32Array(log.items + 1);
  for (let item = 0; item < log.items; item++) starts[item + 1] = starts[item] + counts[item];
  const next = starts.slice();
  const histories = new Int32Array(starts[log.items]);
  const places = new Int32Array(starts[log.items]);
  for (const [index, history] of log.histories.entries()) {
    for (const [place, item] of history.entries()) {
      histories[next[item]] = index;
      places[next[item]++] = place;
    }
  }
  return { starts, histories, places };
}

/** Items of one history that are counted in pairs, at most: the pairs grow with their square. */
const MOST_DISTINCT = 1000;

/**
 * The same log with each item at most once per history, where it occurs last, and the newest of them only.
 */
export function withoutRepeats({ histories, items }: TrainingLog): TrainingLog {
  return { histories: histories.map((history) => newestDistinct(history, MOST_DISTINCT).reverse()), items };
}

/** The newest different items of a history, newest first. */
export function newestDistinct(history: ArrayLike<number>, most: number): Int32Array {
  const found = new Set<number>();
  for (let place = history.length - 1; place >= 0 && found.size < most; place--) found.add(history[place]);
  return Int32Array.from(found);
}
