/** What `npm run trials` makes up. */
import { expect, test } from 'vitest';
import { LOGS, Random, type Row } from '../../scripts/trials/logs.ts';

const rowsOf = (name: string): Row[] => LOGS.find((log) => log.name === name)!.rows(new Random(1));

/** Items of each user, oldest first. */
function histories(rows: Row[]): number[][] {
  const found = Map.groupBy(rows, ({ user }) => user);
  return [...found.values()].map((own) => own.toSorted((a, b) => a.time - b.time).map(({ item }) => item));
}

/** How often a rule tells the next item. */
function told(rows: Row[], rule: (before: number[]) => number | undefined): number {
  let [right, all] = [0, 0];
  for (const items of histories(rows)) {
    for (let at = 2; at < items.length; at++) {
      all++;
      if (rule(items.slice(0, at)) === items[at]) right++;
    }
  }
  return right / all;
}

test('there are ten, the same for a seed and others for another', () => {
  expect(LOGS).toHaveLength(10);
  for (const { name, items, rows } of LOGS) {
    const made = rows(new Random(1));
    expect(made, name).toEqual(rows(new Random(1)));
    expect(made, name).not.toEqual(rows(new Random(2)));
    expect(
      made.every(({ item }) => Number.isInteger(item) && item >= 0 && item < items),
      name,
    ).toBe(true);
  }
});

test('second-order follows from two items, and from neither alone', () => {
  const rows = rowsOf('second-order');
  expect(told(rows, (before) => (3 * before.at(-1)! + 17 * before.at(-2)! + 5) % 40)).toBeGreaterThan(0.55);
  const pairs = new Map<number, Set<number>>();
  for (const items of histories(rows)) {
    for (let at = 1; at < items.length; at++) {
      const before = items[at - 1];
      pairs.set(before, (pairs.get(before) ?? new Set()).add(items[at]));
    }
  }
  const successors = [...pairs.values()].map(({ size }) => size);
  expect(Math.min(...successors)).toBeGreaterThan(10);
});

test('half of what repeats has, a user has had before', () => {
  const rows = rowsOf('repeats');
  const repeats = histories(rows).map((items) => 1 - new Set(items).size / items.length);
  expect(repeats.reduce((sum, share) => sum + share, 0) / repeats.length).toBeGreaterThan(0.5);
});

test('cold items come after the users who can not have had them', () => {
  const rows = rowsOf('cold-items').toSorted((a, b) => a.time - b.time);
  const newest = (part: Row[]) => Math.max(...part.map(({ item }) => item));
  const quarter = Math.floor(rows.length / 4);
  expect(newest(rows.slice(0, quarter))).toBeLessThan(newest(rows.slice(-quarter)) - 100);
});

test('views lead to the purchase that goes with them', () => {
  const rows = rowsOf('views-and-purchases');
  const purchases = rows.flatMap((row, at) => (row.type === 'purchase' ? [[rows[at - 1], row]] : []));
  const planted = purchases.filter(([view, bought]) => bought.item === 10 * Math.floor(view.item / 10));
  expect(planted.length / purchases.length).toBeGreaterThan(0.65);
});
