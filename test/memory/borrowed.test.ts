/** What a new item has of the memory before anything was counted for it, against its definition. */
import { expect, test } from 'vitest';
import type { CatalogueItem } from '../../worker/catalogue/item.ts';
import { borrowed, LIFT } from '../../worker/memory/borrowed.ts';
import { writeTransitions } from '../../worker/memory/layout.ts';
import { type LiveRows, NO_ROWS } from '../../worker/memory/live-rows.ts';
import { Memory } from '../../worker/memory/memory.ts';
import { reasons } from '../../worker/memory/mixture.ts';
import { TextNeighbours } from '../../worker/text/neighbours.ts';
import { textOf } from '../../worker/text/text.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { denseScores, type Matrix } from './reference.ts';

const OPTIONS = { newest: 6, decay: 0.7, smoothing: 0.01, weights: [1] };
const [TRAINED, NEW] = [20, 5];
const random = seededRandom(11);

const rows = Array.from({ length: TRAINED }, () =>
  randomInts(random, 6, TRAINED)
    .toSorted((a, b) => a - b)
    .filter((item, at, all) => item !== all[at - 1])
    .map((item): [number, number] => [item, random() / 6]),
);
const neighbours = Array.from({ length: NEW }, (_, at) => {
  const items = [...new Set(randomInts(random, at, TRAINED))]; // the first new item is like no other
  return { items, shares: items.map(() => 1 / items.length) };
});
const trained = new Memory(writeTransitions(rows), TRAINED, OPTIONS);
const memory = trained.extended(TRAINED + NEW, NO_ROWS, borrowed(neighbours, TRAINED));

/** What people did since: after some items, trained and new ones, came others of both. */
const counted = Array.from({ length: TRAINED + NEW }, (_, item) => item).filter((item) => item % 3 > 0);
const live: LiveRows = {
  items: Int32Array.from(counted),
  kept: Float32Array.from(counted, () => 0.75),
  starts: Uint32Array.from([...counted, 0], (_, row) => 2 * row),
  successors: Uint32Array.from(counted.flatMap((item) => [item % TRAINED, TRAINED + (item % NEW)])),
  probabilities: Float32Array.from(counted.flatMap(() => [0.125, 0.125])),
};

/**
 * The definition. A new item has the mean of its neighbours' rows; then what was counted is mixed in; then it
 * has `LIFT` times the mean of their columns beside its own.
 */
function denseOf({ items, kept, starts, successors, probabilities }: LiveRows): Matrix {
  const dense: Matrix = Array.from({ length: TRAINED + NEW }, () => new Array(TRAINED + NEW).fill(0));
  const mean = (at: number, of: (neighbour: number) => number) =>
    neighbours[at].items.reduce((sum, item, place) => sum + neighbours[at].shares[place] * of(item), 0);
  const mixIn = (item: number) => {
    const row = items.indexOf(item);
    if (row < 0) return;
    dense[item] = dense[item].map((p) => p * kept[row]);
    for (let at = starts[row]; at < starts[row + 1]; at++) dense[item][successors[at]] += probabilities[at];
  };
  for (let item = 0; item < TRAINED; item++) {
    const { items: found, values } = trained.scores([item]);
    for (const [at, successor] of found.entries()) dense[item][successor] = values[at];
    mixIn(item);
  }
  for (let at = 0; at < NEW; at++) {
    for (let j = 0; j < TRAINED + NEW; j++)
      dense[TRAINED + at][j] = mean(at, (neighbour) => dense[neighbour][j]);
    mixIn(TRAINED + at);
  }
  for (const row of dense) {
    for (let at = 0; at < NEW; at++) row[TRAINED + at] += LIFT * mean(at, (neighbour) => row[neighbour]);
  }
  return dense;
}

test.each([
  { name: 'nothing', rows: NO_ROWS },
  { name: 'purchases', rows: live },
])(
  'with $name counted, a new item follows what its neighbours follow, and is followed by what follows them',
  ({ rows: counts }) => {
    const dense = denseOf(counts);
    const now = trained.extended(TRAINED + NEW, counts, borrowed(neighbours, TRAINED));
    for (const length of [1, 2, 3, 6, 9, 1, 2, 3]) {
      const history = randomInts(random, length, TRAINED + NEW);
      const { items, values } = now.scores(history);
      expect(new Set(items).size).toBe(items.length);
      const scores = new Array(TRAINED + NEW).fill(0);
      for (const [at, item] of items.entries()) scores[item] = values[at];
      for (const [item, q] of denseScores(dense, history, OPTIONS).entries()) {
        expect(scores[item], `${item} after ${history}`).toBeCloseTo(q, 6);
      }
      for (const [item, parts] of [...scores.keys()].map(
        (item) => [item, now.shares(history)(item)] as const,
      )) {
        expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(scores[item], 6);
      }
    }
  },
);

test('the reason for a new item is what its neighbours follow', () => {
  const [first] = neighbours[4].items;
  const before = denseOf(NO_ROWS).findIndex((row) => row[first] > 0);
  expect(reasons(memory, [before], [TRAINED + 4, TRAINED], 3)).toEqual([[before], []]);
});

test('neighbours are the items whose words are most like the text’s, by TF-IDF', () => {
  const adjectives = ['red', 'blue', 'green', 'small', 'large'];
  const nouns = ['lamp', 'chair', 'table', 'shelf', 'rug', 'mirror', 'vase'];
  const items: CatalogueItem[] = [];
  for (let at = 0; at < 140; at++) {
    const title = `${adjectives[at % 5]} ${nouns[at % 7]} ${at % 35}`;
    items.push({ id: `${at}`, title, categories: [`Room ${at % 50}`], count: at < 130 ? 1 : 0 });
  }
  const all = items.map(({ title, categories }) => textOf(title, categories));
  const lookups = new TextNeighbours(items);
  const texts = [all[3], textOf('red lamp 3', ['Room 3']), textOf('unheard of'), textOf('lamp 4 of room 9')];
  for (const found of [lookups.all(texts), lookups.all(texts.slice(0, 2))]) {
    for (const [at, { items: near, shares }] of found.entries()) {
      const cosines = cosinesTo(texts[at], items);
      const expected = [...cosines.keys()]
        .filter((item) => cosines[item] > 0)
        .sort((a, b) => cosines[b] - cosines[a] || a - b)
        .slice(0, 10);
      expect(near.map((item) => cosines[item])).toEqual(
        expected.map((item) => expect.closeTo(cosines[item], 9)),
      );
      const total = near.reduce((sum, item) => sum + cosines[item] ** 3, 0);
      expect(shares).toEqual(near.map((item) => expect.closeTo(cosines[item] ** 3 / total, 9)));
    }
  }
  expect(lookups.all(texts)[0].items[0]).toBe(3);
  expect(lookups.all(texts)[2].items).toEqual([]);
});

/** Of a text and each item that someone had, over words of two items at least and 5 % at most. */
function cosinesTo(text: string, items: CatalogueItem[]): number[] {
  const split = (of: string) => {
    const [, ...categories] = of.split('\n');
    return new Set([
      ...of.toLowerCase().split(/\s+/),
      ...categories.map((name) => `category:${name.toLowerCase()}`),
    ]);
  };
  const texts = items.map(({ title, categories, count }) =>
    count ? split(textOf(title, categories)) : new Set<string>(),
  );
  const rarity = (word: string) => {
    const count = texts.filter((words) => words.has(word)).length;
    return count < 2 || count > 0.05 * items.length ? 0 : Math.log(items.length / count);
  };
  const length = (words: Set<string>) => Math.hypot(...[...words].map(rarity)) || 1;
  const own = split(text);
  return texts.map((words) => {
    const shared = [...own].filter((word) => words.has(word));
    return shared.reduce((sum, word) => sum + rarity(word) ** 2, 0) / (length(own) * length(words));
  });
}
