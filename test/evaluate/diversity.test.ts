/** What is measured of diversity is what the service lists. */
import { expect, test } from 'vitest';
import { heldOut } from '../../scripts/dataset.ts';
import { measure } from '../../scripts/diversity/measure.ts';
import { queryFor } from '../../worker/recommend/query.ts';
import { recommend } from '../../worker/recommend/recommend.ts';
import { given } from '../../worker/recommend/states.ts';
import { datasetOf } from '../fixtures/dataset.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { loadTiny, TINY } from '../fixtures/tiny-model.ts';

const USERS = 20;

test('lists are as accurate as those of the service, and differ the more the more is asked', async () => {
  const model = await loadTiny('int8');
  const random = seededRandom(3);
  const logs = Array.from({ length: USERS }, (_, user) => {
    const items = randomInts(random, 12, TINY.items).map((item) => model.catalogue.items![item].id);
    return [`user ${user}`, { items, trained: 10, known: 11 }] as const;
  });
  const dataset = datasetOf(Object.fromEntries(logs));
  const rows = await measure(model, dataset, { split: 'valid', cases: USERS }, () => {});
  for (const { diversity, cases, ...row } of rows) {
    let [hits, categories] = [0, 0];
    for (const { history, target } of heldOut(dataset, 'valid')) {
      const source = given(history.map((item) => ({ item })));
      const { items } = await recommend(model, source, { ...queryFor(10), diversity });
      hits += Number(items.some(({ id }) => id === target));
      categories += new Set(items.flatMap((item) => item.categories)).size;
    }
    expect(cases).toBe(USERS);
    expect(row['hr@10']).toBeCloseTo(hits / USERS);
    expect(row.categories).toBeCloseTo(categories / USERS);
  }
  const similarities = rows.map(({ similarity }) => similarity);
  expect(similarities).toEqual(similarities.toSorted((a, b) => b - a));
  expect(similarities.at(-1)!).toBeLessThan(similarities[0]);
  expect(rows[0].over_none).toEqual({ mean: 0, interval95: [0, 0] });
});
