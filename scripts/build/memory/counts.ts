/** Counts what followed what. */

export interface CountOptions {
  /** Pairs of items up to this far apart count; a pair at distance d counts 1 / d. */
  distances: number;
  /** What an item that came before another counts as its successor, as a share of the other direction. */
  reverse: number;
}

/** The successors of one item. */
export interface CountedRow {
  /** Of all of them. */
  total: number;
  /** [successor, count], the highest counts first; of equal ones the lower item. */
  successors: [item: number, count: number][];
}

/** One row per item. `histories` are item indices, oldest first. */
export function countTransitions(
  histories: readonly Int32Array[],
  items: number,
  { distances, reverse }: CountOptions,
): CountedRow[] {
  const places: [history: Int32Array, place: number][][] = Array.from({ length: items }, () => []);
  for (const history of histories) {
    for (const [place, item] of history.entries()) places[item].push([history, place]);
  }
  return places.map((occurrences) => {
    const counts = new Map<number, number>();
    const add = (item: number | undefined, count: number) => {
      if (item !== undefined && count > 0) counts.set(item, (counts.get(item) ?? 0) + count);
    };
    for (const [history, place] of occurrences) {
      for (let distance = 1; distance <= distances; distance++) {
        add(history[place + distance], 1 / distance);
        add(history[place - distance], reverse / distance);
      }
    }
    const successors = [...counts].sort(([a, x], [b, y]) => y - x || a - b);
    return { total: successors.reduce((sum, [, count]) => sum + count, 0), successors };
  });
}
