/** What is measured of explanations: the items that they name matter more than others. */
import { expect, test } from 'vitest';
import { measure } from '../../scripts/explain/measure.ts';
import { datasetOf } from '../fixtures/dataset.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { loadTiny, TINY } from '../fixtures/tiny-model.ts';

const USERS = 20;

async function measured(historyLength: number) {
  const model = await loadTiny('int8');
  const random = seededRandom(3);
  const logs = Array.from({ length: USERS }, (_, user) => {
    const items = randomInts(random, historyLength, TINY.items).map(
      (item) => model.catalogue.items![item].id,
    );
    return [`user ${user}`, { items, trained: historyLength - 2, known: historyLength - 1 }] as const;
  });
  const dataset = datasetOf(Object.fromEntries(logs));
  return measure(model, dataset, { split: 'valid', cases: USERS }, () => {});
}

test('without the named items a score falls further than without others', async () => {
  const { items, falls } = await measured(24);
  expect(items).toBeGreaterThan(USERS);
  expect(falls.map(({ removed }) => removed)).toEqual(['named', 'newest', 'older']);
  const [named, ...others] = falls;
  expect(named).toMatchObject({ less_than_named: 0 });
  expect(named.fall).toBeGreaterThan(0);
  for (const { fall, less_than_named } of others) {
    expect(fall).toBeLessThan(named.fall);
    expect(less_than_named).toBeGreaterThan(0.5);
  }
});

test('histories that have too few items to compare say so', async () => {
  await expect(measured(5)).rejects.toThrow(/no history is long enough/);
});
