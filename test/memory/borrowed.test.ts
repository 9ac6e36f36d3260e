/** What a new item has of the memory before anything was counted for it, against its definition. */
import { expect, test } from 'vitest';
import type { CatalogueItem } from '../../worker/catalogue/item.ts';
import type { Borrowed } from '../../worker/memory/borrowed.ts';
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
/** Each second item is followed by some new ones that are like it. */
const like = new Map(
  Array.from({ length: TRAINED + NEW }, (_, item) => item)
    .filter((item) => item % 2 > 0)
    .map((item) => [
      item,
      [0, 1, 4]
        .map((at) => ({ item: TRAINED + at, part: random() / 3 }))
        .filter((other) => other.item !== item),
    ]),
);
const FOLLOWED = 0.4;
const lent: Borrowed = { neighbours, like, followed: FOLLOWED };
const trained = new Memory(writeTransitions(rows), TRAINED, OPTIONS);
const memory = trained.extended(TRAINED + NEW, NO_ROWS, lent);

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
 * The definition. A new item has the mean of its neighbours' rows; then what was counted is mixed in. Then it
 * has its part of what follows each item for being like it.
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
  for (const [item, others] of like) {
    for (const { item: other, part } of others) dense[item][other] += FOLLOWED * part;
  }
  return dense;
}

test.each([
  { name: 'nothing', rows: NO_ROWS },
  { name: 'purchases', rows: live },
])(
  'with $name counted, a new item follows its neighbours, and is followed by what follows them',
  ({ rows: counts }) => {
    const dense = denseOf(counts);
    const now = trained.extended(TRAINED + NEW, counts, lent);
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

test('the reason for a new item is what it is like', () => {
  expect(reasons(memory, [1, 2], [TRAINED + 4, TRAINED + 2], 3)).toEqual([[1], []]);
});

test('neighbours are the items whose titles and words are most like the text’s, by TF-IDF', () => {
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
  for (const now of [texts, texts.slice(0, 2), texts]) {
    const { neighbours, like } = lookups.borrowed(now);
    const power = (text: string, others = items) =>
      cosinesTo(text, items, others).map((cosine) => cosine ** 4);
    const trained = now.map((text) => power(text));
    const isNear = now.map((_, at) => {
      const sorted = [...trained[at].keys()].sort((a, b) => trained[at][b] - trained[at][a] || a - b);
      return new Set(sorted.filter((item) => trained[at][item] > 0).slice(0, 30));
    });
    for (const [at, { items: near, shares }] of neighbours.entries()) {
      expect(new Set(near.map((item) => trained[at][item].toFixed(9)))).toEqual(
        new Set([...isNear[at]].map((item) => trained[at][item].toFixed(9))),
      );
      const total = near.reduce((sum, item) => sum + trained[at][item], 0);
      expect(shares).toEqual(near.map((item) => expect.closeTo(trained[at][item] / total, 9)));
    }
    const others = now.map((text) => ({ title: text.split('\n')[0], categories: text.split('\n').slice(1) }));
    for (const [to, parts] of like) {
      const text = to < 140 ? all[to] : now[to - 140];
      const crowd = power(text).reduce((sum, value, item) => sum + (item === to ? 0 : value), 0);
      const alike = power(
        text,
        others.map((other) => ({ ...items[0], ...other })),
      );
      const counted = alike.map((value, at) =>
        140 + at === to || (to < 140 && !neighbours[at].items.includes(to)) ? 0 : value,
      );
      const sum = counted.reduce((all, value) => all + value, crowd);
      for (const [at, value] of counted.entries()) {
        const part = parts.find(({ item }) => item === 140 + at)?.part;
        if (value / sum < 0.001) expect(part).toBeUndefined();
        else expect(part).toBeCloseTo(value / sum, 9);
      }
    }
    expect(like.get(3)!.map(({ item }) => item)).toContain(140);
  }
  expect(lookups.borrowed(texts).neighbours[0].items[0]).toBe(3);
  expect(lookups.borrowed(texts).neighbours[2].items).toEqual([]);
  // The first two are like each other, and the third is like nothing.
  expect(
    lookups
      .borrowed(texts)
      .like.get(140)!
      .map(({ item }) => item),
  ).toContain(141);
  expect(lookups.borrowed(texts).like.has(142)).toBe(false);
});

/** Means over titles and whole texts, with terms of two items at least and 5 % at most. */
function cosinesTo(text: string, items: CatalogueItem[], others = items): number[] {
  const phrases = (of: string) => {
    const words = of.split('\n')[0].toLowerCase().split(/\s+/);
    return new Set([...words, ...words.slice(1).map((word, at) => `${words[at]} ${word}`)]);
  };
  const words = (of: string) => {
    const [, ...categories] = of.split('\n');
    return new Set([
      ...of.toLowerCase().split(/\s+/),
      ...categories.map((name) => `category:${name.toLowerCase()}`),
    ]);
  };
  const [titles, texts] = [phrases, words].map((split) => cosinesOf(split, text, items, others));
  return titles.map((cosine, at) => (cosine + texts[at]) / 2);
}

/** Of a text and each of `others` that someone had. */
function cosinesOf(
  split: (text: string) => Set<string>,
  text: string,
  items: CatalogueItem[],
  others: CatalogueItem[],
): number[] {
  const termsOf = ({ title, categories, count }: CatalogueItem) =>
    count ? split(textOf(title, categories)) : new Set<string>();
  const all = items.map(termsOf);
  const rarity = (term: string) => {
    const count = all.filter((terms) => terms.has(term)).length;
    return count < 2 || count > 0.05 * items.length ? 0 : Math.log(items.length / count);
  };
  const length = (terms: Set<string>) => Math.hypot(...[...terms].map(rarity)) || 1;
  const own = split(text);
  return others.map(termsOf).map((terms) => {
    const shared = [...own].filter((term) => terms.has(term));
    return shared.reduce((sum, term) => sum + rarity(term) ** 2, 0) / (length(own) * length(terms));
  });
}
