/** Made-up histories: what they are, and what is counted of their lists. */
import { expect, test } from 'vitest';
import type { Lists } from '../../scripts/evaluate/lists.ts';
import { probe } from '../../scripts/evaluate/probes.ts';
import { ListedCatalogue } from '../../worker/catalogue/listed-catalogue.ts';
import type { Model } from '../../worker/models/model.ts';

/** Items that were taken, half of them of each category, and ten that nobody took. */
const TAKEN = 60;
const half = (item: number) => (item < TAKEN / 2 ? 'low' : 'high');

function modelOf(categories: (item: number) => string[]): Model {
  const items = Array.from({ length: TAKEN + 10 }, (_, item) => {
    return {
      id: `${item}`,
      title: `Item ${item}`,
      categories: categories(item),
      count: item < TAKEN ? 1 : 0,
    };
  });
  return { catalogue: new ListedCatalogue(items), manifest: { includeSeen: false } } as unknown as Model;
}

const tenFrom = (start: number) => Array.from({ length: 10 }, (_, i) => start + i);

test('each list is held against that of an unrelated history, and against the category', async () => {
  const asked: number[][] = [];
  const lists: Lists = async (history) => {
    asked.push([...history]);
    const low = half(history[0]) === 'low';
    return new Map([
      ['same', tenFrom(5)],
      ['empty', []],
      ['following', tenFrom(low ? 0 : TAKEN / 2)],
      ['contrary', tenFrom(low ? TAKEN / 2 : 0)],
      ['half following', [...tenFrom(0).slice(5), ...tenFrom(TAKEN / 2).slice(5)]],
    ]);
  };
  const found = await probe(
    lists,
    modelOf((item) => [half(item)]),
  );
  expect(found.get('same')!['overlap@10']).toBe(1);
  expect(found.get('empty')).toEqual({ 'overlap@10': 0, 'category@10': 0 });
  expect(found.get('following')!['category@10']).toBe(1);
  expect(found.get('contrary')!['category@10']).toBe(0);
  expect(found.get('half following')).toEqual({ 'overlap@10': 1, 'category@10': 0.5 });

  expect(new Set(asked.map(({ length }) => length))).toEqual(new Set([3]));
  expect(Math.max(...asked.flat())).toBeLessThan(TAKEN);
  const [pairs, ofOneCategory] = [asked.slice(0, 400), asked.slice(400)];
  for (let i = 0; i < pairs.length; i += 2) expect(new Set([...pairs[i], ...pairs[i + 1]]).size).toBe(6);
  expect(ofOneCategory).toHaveLength(200);
  for (const history of ofOneCategory) expect(new Set(history.map(half)).size).toBe(1);
});

test('a category of nearly everything, or of too little, is not asked for', async () => {
  const lists: Lists = async () => new Map([['any', tenFrom(0)]]);
  const categories = (item: number) => (item < 12 ? ['all', 'few'] : ['all']);
  expect((await probe(lists, modelOf(categories))).get('any')).toEqual({
    'overlap@10': 1,
    'category@10': null,
  });
});
