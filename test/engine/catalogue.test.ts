import { expect, test } from 'vitest';
import { ListedCatalogue } from '../../worker/catalogue/listed-catalogue.ts';
import { bestItems } from '../../worker/engine/ranking.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';

const catalogue = new ListedCatalogue(
  [
    { categories: ['Drama', 'Comedy'], count: 5 },
    { categories: ['Comedy'], count: 0 },
    { categories: [], count: 9 },
    { categories: ['Drama', 'Drama'], count: 2 },
  ].map((item, index) => ({ id: `${index}`, title: '', ...item })),
);

test('allowed: every item but the excluded ones', () => {
  expect([...catalogue.allowed()]).toEqual([1, 1, 1, 1]);
  expect([...catalogue.allowed([0, 2, 2])]).toEqual([0, 1, 0, 1]);
});

test('a category has each of its items once', () => {
  expect(Object.fromEntries(catalogue.categories)).toEqual({ Drama: [0, 3], Comedy: [0, 1] });
});

test('popularity: logs of shares that sum to one, also for what nobody has taken', () => {
  const shares = [...catalogue.popularity].map(Math.exp);
  expect(shares).toEqual([6, 1, 10, 3].map((count) => expect.closeTo(count / 20, 12)));
});

test('the best items are those of a sorted list', () => {
  const random = seededRandom(3);
  for (let round = 0; round < 200; round++) {
    const scores = randomInts(random, 40, 15); // with many ties
    const allowed = Uint8Array.from(randomInts(random, 40, 2));
    const k = 1 + (round % 45);
    const sorted = scores.map((score, item) => ({ item, score })).filter(({ item }) => allowed[item] === 1);
    sorted.sort((a, b) => b.score - a.score || a.item - b.item);
    expect(bestItems(scores, allowed, k)).toEqual(sorted.slice(0, k));
  }
});
