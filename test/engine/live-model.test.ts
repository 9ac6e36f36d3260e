/** A decoder as of now: new items beside the trained ones, explanations, and lists of different items. */
import { beforeAll, expect, test } from 'vitest';
import { Live } from '../../worker/live/live.ts';
import type { EarnModel, Model } from '../../worker/models/model.ts';
import { type ListQuery, queryFor } from '../../worker/recommend/query.ts';
import { RANKERS } from '../../worker/recommend/rankers/index.ts';
import { recommend } from '../../worker/recommend/recommend.ts';
import { given } from '../../worker/recommend/states.ts';
import { loadTiny, TINY } from '../fixtures/tiny-model.ts';

const HISTORY = [3, 14, 15, 9, 26].map((number) => `item-${number}`);

let trained: EarnModel;
let live: Model;

beforeAll(async () => {
  trained = await loadTiny('int8');
  const records = ['one', 'two'].map((id) => ({ id, title: `Item ${id}`, words: `Item ${id}` }));
  const snapshot = { version: 1, records, rules: [] };
  live = await new Live(
    { read: async () => ({ value: snapshot, degraded: false }) },
    { read: async () => ({ value: null, degraded: false }) },
  ).over(Promise.resolve(trained));
});

const idsOf = (model: Model) => HISTORY.map((id) => model.catalogue.indexOf(id)!);
const listed = async (model: Model, query: Partial<ListQuery> = {}, history = HISTORY) => {
  const source = given(history.map((item) => ({ item })));
  return (await recommend(model, source, { ...queryFor(10), ...query })).items;
};

test('trained items keep their order and the odds between them; all probabilities sum to one', async () => {
  const state = await trained.prefill(idsOf(trained));
  const before = await trained.itemLogProbs(state);
  const after = await live.itemLogProbs(state);
  expect(after).toHaveLength(TINY.items + 2);
  const shift = before[0] - after[0];
  for (let item = 0; item < TINY.items; item++) expect(before[item] - after[item]).toBeCloseTo(shift, 4);
  expect(after.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 4);
});

test('a new item scores as a trained one with its vector would', async () => {
  const state = await live.prefill(idsOf(live));
  const scores = await live.itemLogProbs(state);
  const table = live.itemTable();
  const logit = (item: number) => table.rows([item]).reduce((sum, x, c) => sum + x * state.final[c], 0);
  for (const [a, b] of [
    [TINY.items, 7],
    [TINY.items + 1, 30],
  ]) {
    expect(scores[a] - scores[b]).toBeCloseTo(logit(a) - logit(b), 1); // the state is rounded to 8 bits
  }
});

test.each(['latent', 'beam', 'hybrid'] as const)('%s lists new items among all', async (ranker) => {
  const items = await listed(live, { k: 100, ranker });
  expect(items).toHaveLength(TINY.items + 2 - HISTORY.length);
  expect(
    items
      .filter((item) => item.new)
      .map(({ id }) => id)
      .sort(),
  ).toEqual(['one', 'two']);
  const scores = items.map(({ score }) => score);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
});

test('a state with a new item in it is the same at once and in steps', async () => {
  const items = [3, TINY.items, 14, TINY.items + 1, 9];
  const whole = await live.prefill(items);
  const steps = await live.prefill(items.slice(2), await live.prefill(items.slice(0, 2)));
  expect(steps).toEqual(whole);
});

test('explanations say by how much a list’s scores fall when an item of the history is left out', async () => {
  const items = await listed(live, { explain: true, k: 5, ranker: 'latent' });
  const score = async (history: string[], id: string) => {
    const all = await listed(live, { k: 100, include_seen: true, ranker: 'latent' }, history);
    return all.find((item) => item.id === id)!.score;
  };
  for (const { id, explanation } of items) {
    const whole = await score(HISTORY, id);
    const falls = new Map<string, number>();
    for (const reason of HISTORY) {
      falls.set(
        reason,
        whole -
          (await score(
            HISTORY.filter((other) => other !== reason),
            id,
          )),
      );
    }
    const named = explanation!.history.map((reason) => reason.id);
    for (const { id: reason, contribution } of explanation!.history) {
      expect(contribution).toBeCloseTo(falls.get(reason)!, 5);
    }
    const others = HISTORY.filter((other) => !named.includes(other)).map((other) => falls.get(other)!);
    const least = Math.min(...named.map((reason) => falls.get(reason)!));
    if (named.length === 3) for (const fall of others) expect(fall).toBeLessThanOrEqual(least);
    else for (const fall of others) expect(fall).toBeLessThanOrEqual(0);
  }
  expect((await listed(live))[0]).not.toHaveProperty('explanation');
});

/** The mean cosine of the list's pairs. */
function likeness(model: Model, ids: string[]): number {
  const rows = ids.map((id) => model.catalogue.indexOf(id)!);
  const table = model.itemTable();
  const cosines = rows.flatMap((a, at) => {
    const all = table.cosines(table.rows([a]));
    return rows.slice(at + 1).map((b) => all[b]);
  });
  return cosines.reduce((sum, x) => sum + x, 0) / cosines.length;
}

test('the more diversity, the less alike the items; 0 changes nothing, and pages are of one list', async () => {
  const ids = async (query: Partial<ListQuery>) => (await listed(live, query)).map(({ id }) => id);
  expect(await ids({ diversity: 0 })).toEqual(await ids({}));
  const [plain, some, most] = await Promise.all([ids({}), ids({ diversity: 0.5 }), ids({ diversity: 1 })]);
  expect(some[0]).toBe(plain[0]);
  expect(likeness(live, some)).toBeLessThan(likeness(live, plain));
  expect(likeness(live, most)).toBeLessThan(likeness(live, plain));
  expect(await ids({ diversity: 0.5, k: 4, offset: 3 })).toEqual(some.slice(3, 7));
});

test('without anything new, the model is as it was trained', async () => {
  const nothing = { version: 0, records: [], rules: [] };
  const same = await new Live(
    { read: async () => ({ value: nothing, degraded: false }) },
    { read: async () => ({ value: null, degraded: false }) },
  ).over(Promise.resolve(trained));
  const state = await trained.prefill(idsOf(trained));
  const input = { history: idsOf(trained), k: 10, allowed: trained.catalogue.allowed(), state };
  for (const ranker of ['latent', 'beam', 'hybrid'] as const) {
    const lists = [trained, same].map((model) => RANKERS[ranker].rank({ ...input, model }));
    expect(await lists[1]).toEqual(await lists[0]);
  }
});
