/** What is counted while a model serves, beside the counts of a training. */
import { expect, test } from 'vitest';
import { countTransitions } from '../../scripts/build/memory/counts.ts';
import { seededRandom } from '../../scripts/random.ts';
import { ListedCatalogue } from '../../worker/catalogue/listed-catalogue.ts';
import { type CountBatch, Counting, WEIGHT_PER_EVENT } from '../../worker/live/counts.ts';
import { readTable, tableOf } from '../../worker/live/counts-table.ts';
import { Trending } from '../../worker/live/trending.ts';
import { writeTransitions } from '../../worker/memory/layout.ts';
import { liveRows } from '../../worker/memory/live-rows.ts';
import { Memory } from '../../worker/memory/memory.ts';
import { reasons } from '../../worker/memory/mixture.ts';

const catalogueOf = (counts: number[]) =>
  new ListedCatalogue(
    counts.map((count, index) => ({ id: String(index), title: '', categories: [], count })),
  );

const OPTIONS = { newest: 20, decay: 0.5, smoothing: 0.01, weights: [1] };

/** A memory of these rows, with live counts over it. */
function memoryOf(rows: [number, number][][], catalogue: ListedCatalogue, pairs: Pair[]): Memory {
  const trained = new Memory(writeTransitions(rows), rows.length, OPTIONS);
  return trained.extended(catalogue.items.length, liveRows(readTable(tableOf(1, [], pairs)), catalogue));
}

type Pair = [before: string, after: string, weight: number];

function pairsOf({ ids, before, after, weights }: CountBatch): Pair[] {
  return [...weights].map((weight, pair) => [ids[before[pair]], ids[after[pair]], weight]);
}

function probabilities(memory: Memory, history: number[]): Map<number, number> {
  const { items, values } = memory.scores(history);
  return new Map([...items].map((item, at) => [item, values[at]]));
}

test('events that come in visits are counted as a training counts whole histories', () => {
  const history = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9];
  const counting = new Counting();
  for (let at = 0; at < history.length; at += 4) {
    const before = history.slice(Math.max(0, at - 10), at).map(String);
    const of = (items: string[], added: boolean) => items.map((item) => ({ item, target: true, added }));
    counting.add([...of(before, false), ...of(history.slice(at, at + 4).map(String), true)]);
  }
  const batch = counting.take();
  const options = { distances: 10, reverse: 0.25, most: 10 };
  const trained = countTransitions({ histories: [Int32Array.from(history)], items: 10 }, options);
  const live = new Map(pairsOf(batch).map(([before, after, weight]) => [`${before} ${after}`, weight]));
  for (const [before, { items, counts }] of trained.entries()) {
    for (let after = 0; after < 10; after++) {
      const expected = counts[items.indexOf(after)] ?? 0;
      expect(live.get(`${before} ${after}`) ?? 0, `${before} ${after}`).toBeCloseTo(expected);
    }
  }
  expect(batch.items.reduce((sum, count) => sum + count, 0)).toBe(history.length);
  expect(counting.isEmpty).toBe(true);
});

test('the more is counted, the more it weighs, and probabilities stay probabilities', () => {
  const catalogue = catalogueOf([100, 100, 100, 0]); // the last one is new
  const rows: [number, number][][] = [
    [
      [1, 0.5],
      [2, 0.25],
    ],
    [],
    [],
  ];
  const after = (weight: number) =>
    probabilities(memoryOf(rows, catalogue, weight ? [['0', '3', weight]] : []), [0]);
  expect(after(0).get(1)).toBeCloseTo(0.5);
  let before = 0;
  for (const weight of [1, 12, 100, 1000, 1e6]) {
    const all = after(weight);
    expect(all.get(3)!).toBeGreaterThan(before);
    expect(all.get(1)! / all.get(2)!).toBeCloseTo(2);
    expect([...all.values()].reduce((sum, p) => sum + p, 0)).toBeLessThanOrEqual(1);
    before = all.get(3)!;
  }
  expect(before).toBeGreaterThan(0.99);
});

test('a new item in a history brings what followed it, and is the reason', () => {
  const catalogue = catalogueOf([5, 5, 0]);
  const memory = memoryOf([[], []], catalogue, [
    ['gone', '1', 9],
    ['0', 'gone', 9],
    ['2', '1', 8],
  ]);
  expect([...probabilities(memory, [2]).keys()]).toEqual([1]);
  expect(reasons(memory, [0, 2], [1], 3)).toEqual([[2]]);
});

test('what is trending is the last day’s, with the training’s popularity while there is little', () => {
  const catalogue = catalogueOf([90, 10, 0]);
  const shares = (items: [string, number][]) => {
    const trending = Trending.of(readTable(tableOf(1, items, [])), catalogue);
    return trending && Array.from({ length: catalogue.size }, (_, item) => trending.share(item));
  };
  expect(shares([])).toBeUndefined();
  expect(shares([['gone', 5]])).toBeUndefined();
  const few = shares([['2', 1]])!;
  const many = shares([
    ['2', 500],
    ['1', 100],
  ])!;
  expect(few[0]).toBeGreaterThan(few[2]);
  expect([...many.keys()].sort((a, b) => many[b] - many[a])).toEqual([2, 1, 0]);
  for (const each of [few, many]) {
    expect(each.reduce((sum, share) => sum + Math.exp(share), 0)).toBeCloseTo(1);
  }
});

test('what is mixed in is what its definition says, for any counts', () => {
  const random = seededRandom(7);
  const [trained, all] = [30, 36];
  const catalogue = catalogueOf(Array.from({ length: all }, (_, item) => (item < trained ? item : 0)));
  const pairs: Pair[] = [];
  for (let before = 0; before < 40; before++) {
    for (let after = 0; after < 40; after++) {
      if (random() < 0.2) pairs.push([String(before), String(after), Math.exp(4 * random())]);
    }
  }
  pairs.sort(([, , a], [, , b]) => b - a);
  const rows = Array.from(
    { length: trained },
    (_, item) => [[(item * 7) % trained, 0.5]] as [number, number][],
  );
  const memory = memoryOf(rows, catalogue, pairs);
  for (let item = 0; item < all; item++) {
    const counted = pairs.filter(([before, after]) => before === String(item) && Number(after) < all);
    const own = 50 + WEIGHT_PER_EVENT * catalogue.items[item].count;
    const total = counted.reduce((sum, [, , weight]) => sum + weight, own);
    const expected = new Map((rows[item] ?? []).map(([after, p]) => [after, (p * own) / total]));
    for (const [, after, weight] of counted) {
      expected.set(Number(after), (expected.get(Number(after)) ?? 0) + weight / total);
    }
    const found = probabilities(memory, [item]);
    expect([...found.keys()].sort((a, b) => a - b)).toEqual([...expected.keys()].sort((a, b) => a - b));
    for (const [after, p] of expected) expect(found.get(after)! / p).toBeCloseTo(1, 3);
  }
});

test('of an id no more than 32 successors are published, the strongest', () => {
  const pairs = Array.from({ length: 40 }, (_, at): Pair => ['a', `b${at}`, 40 - at]);
  const { ids, starts, successors } = readTable(tableOf(1, [['c', 3]], [...pairs, ['b0', 'a', 0.5]]));
  const after = (id: string) => {
    const place = ids.indexOf(id);
    return [...successors.subarray(starts[place], starts[place + 1])].map((successor) => ids[successor]);
  };
  expect(after('a')).toEqual(pairs.slice(0, 32).map(([, id]) => id));
  expect(after('b0')).toEqual(['a']);
  expect(after('c')).toEqual([]);
});
