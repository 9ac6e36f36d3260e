/** Counts what followed what. */
import type { TrainingLog } from '../../evaluate/yardsticks/training-log.ts';

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

/** One row per item. Where only some events are what a list should lead to, only they are successors. */
export function countTransitions(
  { histories, targets, items }: TrainingLog,
  { distances, reverse }: CountOptions,
): CountedRow[] {
  const places: [history: number, place: number][][] = Array.from({ length: items }, () => []);
  for (const [number, history] of histories.entries()) {
    for (const [place, item] of history.entries()) places[item].push([number, place]);
  }
  return places.map((occurrences) => {
    const counts = new Map<number, number>();
    for (const [number, place] of occurrences) {
      const [history, wanted] = [histories[number], targets?.[number]];
      const add = (at: number, count: number) => {
        const item = history[at];
        if (item === undefined || count === 0 || wanted?.[at] === 0) return;
        counts.set(item, (counts.get(item) ?? 0) + count);
      };
      for (let distance = 1; distance <= distances; distance++) {
        add(place + distance, 1 / distance);
        add(place - distance, reverse / distance);
      }
    }
    const successors = [...counts].sort(([a, x], [b, y]) => y - x || a - b);
    return { total: successors.reduce((sum, [, count]) => sum + count, 0), successors };
  });
}
