import { beforeAll, describe, expect, test } from 'vitest';
import { type BuiltModel, buildModel, withMemory } from '../../scripts/build/build-model.ts';
import { coded } from '../../scripts/build/coded/residual.ts';
import { itemVectors } from '../../scripts/build/weights.ts';
import { memorySource } from '../../scripts/node-model.ts';
import { randomInts, seededRandom } from '../../scripts/random.ts';
import { verifyModel } from '../../scripts/verified-model.ts';
import type { ItemRecord } from '../../worker/catalogue/record.ts';
import type { StoredCatalogue } from '../../worker/catalogue/stored/stored-catalogue.ts';
import { findStored } from '../../worker/catalogue/stored/stored-search.ts';
import { writeTransitions } from '../../worker/memory/layout.ts';
import { NO_ROWS } from '../../worker/memory/live-rows.ts';
import { filesOf, MANIFEST_FILE } from '../../worker/models/manifest.ts';
import { type EarnModel, loadModel } from '../../worker/models/model.ts';
import { ITEM_SHARDS, laterFilesOf, ROW_SHARDS } from '../../worker/models/shards.ts';
import { type ListQuery, queryFor } from '../../worker/recommend/query.ts';
import { rankersOf } from '../../worker/recommend/rankers/index.ts';
import { recommend } from '../../worker/recommend/recommend.ts';
import { given } from '../../worker/recommend/states.ts';
import type { Rule } from '../../worker/rules/rule.ts';
import { TINY, testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

/** So few that every item has a code of its own in the first stage: codes lose nothing. */
const ITEMS = 200;
const tiny = tinyCheckpoint({ items: ITEMS, codebook: 8 });
/** No two are equally popular: these would stand in the catalogue's order, which codes change. */
const items = tiny.items.map((item, i) => ({ ...item, count: 1 + ((i * 37) % 211) }));
const checkpoint = { ...tiny, items };
const random = seededRandom(2);
/** By item of the checkpoint, what followed it. */
const followers = Array.from({ length: ITEMS }, () => new Set(randomInts(random, 6, ITEMS)));

let plain: EarnModel;
let large: EarnModel;
let files: Map<string, Uint8Array>;

beforeAll(async () => {
  const vectors = itemVectors(checkpoint);
  const codes = await coded(vectors, 3, testRuntime);
  const built = {
    plain: buildModel(checkpoint, 'tiny', 'float32'),
    large: buildModel(checkpoint, 'tiny', 'float32', { coded: codes }),
  };
  plain = await remembering(built.plain, [...followers.keys()]);
  large = await remembering(built.large, [...codes.order]);
});

/** With the same memory in the model's own indices. */
async function remembering(model: BuiltModel, order: number[]): Promise<EarnModel> {
  const places = new Map(order.map((item, place) => [item, place]));
  const rows = order.map((item) =>
    [...followers[item]]
      .map((other) => places.get(other)!)
      .sort((a, b) => a - b)
      .map((other) => [other, 0.1] as const),
  );
  const options = { newest: 5, decay: 0.8, smoothing: 0.01, weights: [1, 0.5] };
  const whole = withMemory(model, { file: writeTransitions(rows), options });
  ({ files } = whole);
  return loadModel(memorySource(whole.files), testRuntime);
}

const historyOf = (...items: number[]) => items.map((item) => ({ item: `item-${item}` }));

async function listsOf(model: EarnModel, history: { item: string }[], query: Partial<ListQuery> = {}) {
  const { items, ranker, ignored_items } = await recommend(model, given(history), {
    ...queryFor(8),
    ...query,
  });
  return { ranker, ignored_items, items };
}

async function sameLists(
  history: { item: string }[],
  query: Partial<ListQuery> = {},
  models = [plain, large],
) {
  const latent = { ranker: 'latent' as const, ...query };
  const [expected, found] = [
    await listsOf(models[0], history, latent),
    await listsOf(models[1], history, latent),
  ];
  const without = ({ items, ...rest }: typeof expected) => ({
    ...rest,
    items: items.map(({ score: _, ...item }) => item),
  });
  expect(without(found)).toEqual(without(expected));
  expect(found.items.length).toBeGreaterThan(0);
  for (const [at, { score }] of found.items.entries()) expect(score).toBeCloseTo(expected.items[at].score, 1);
}

describe('a model of a large catalogue lists what the same one in memory does', () => {
  test.each([
    ['a history', {}],
    ['another ranker', { ranker: 'counts' as const }],
    ['similar items', { ranker: 'similar' as const }],
    ['the popular ones', { ranker: 'popular' as const }],
    ['a category', { categories: ['block 3'] }],
    ['without categories', { exclude_categories: ['row 1', 'row 2'] }],
    ['without items', { exclude: ['item-3', 'item-20', 'nothing'] }],
    ['seen items too', { include_seen: true }],
    ['a second page', { offset: 8 }],
    ['less of the same', { diversity: 0.5 }],
    ['a filter', { filter: { any: [{ categories: ['block 3', 'block 4'] }, { id: 'item-7' }] } }],
    ['what a filter leaves', { filter: { not: { categories: 'row 1' }, price: { exists: false } } }],
  ])('%s', async (_, query) => {
    await sameLists(historyOf(5, 17, 150, 42), query);
    await sameLists(historyOf(0), query);
  });

  test('without a history', () => sameLists([], {}));

  test('with ids that no model knows', () => sameLists([{ item: 'never' }, ...historyOf(8, 9)]));

  test('with explanations', async () => {
    const [a, b] = await Promise.all(
      [plain, large].map((model) => listsOf(model, historyOf(3, 60), { explain: true, ranker: 'latent' })),
    );
    const named = ({ items }: typeof a) =>
      items.map(({ explanation }) => explanation!.history.map(({ id }) => id));
    expect(named(b)).toEqual(named(a));
  });

  const RECORDS: ItemRecord[] = [
    { id: 'item-10', available: false },
    { id: 'item-11', title: 'Renamed', categories: ['new name'], properties: { price: 3 } },
    { id: 'item-12', deleted: true },
    {
      id: 'fresh',
      title: 'Title fresh',
      categories: ['row 1'],
      words: 'Title fresh\nrow 1',
      properties: { price: 5 },
    },
  ];
  /** With what was said of items since. */
  function now(model: EarnModel): EarnModel {
    const { catalogue, added } = model.catalogue.overlaid(RECORDS, true);
    const memory = model.memory!.extended(catalogue.size, NO_ROWS);
    return model.extended({
      catalogue,
      added: added.map(() => itemVectors(checkpoint).data.slice(0, TINY.width)),
      memory,
    });
  }

  test.each([
    ['a history with a new item', {}],
    ['a filter by a price', { filter: { price: { lte: 5 } }, include_seen: true }],
    ['a filter that most items pass', { filter: { not: { price: 3 }, new: false } }],
    ['a new category', { categories: ['new name', 'row 1'] }],
    ['a category that an item left', { categories: ['row 4'], k: 100 }],
    ['popular ones', { ranker: 'popular' as const, k: 250 }],
  ])('after changes: %s', (_, query) =>
    sameLists([...historyOf(4, 11), { item: 'fresh' }], query, [now(plain), now(large)]),
  );

  const withRules = (model: EarnModel, ...rules: Omit<Rule, 'factor'>[]): EarnModel => {
    const live = {
      version: 1,
      degraded: false,
      rules: rules.map((rule) => ({ ...rule, factor: 50 })),
      counts: 0,
    };
    return model.extended({ catalogue: model.catalogue, added: [], live });
  };

  test('with rules', () => {
    const rules: Omit<Rule, 'factor'>[] = [
      { name: 'boost', action: 'boost', filter: { categories: 'row 1' } },
      { name: 'hide', action: 'hide', filter: { any: [{ categories: 'block 2' }, { categories: 'row 4' }] } },
      { name: 'pin', action: 'pin', filter: { id: ['item-7', 'item-9'] } },
    ];
    return sameLists(historyOf(4, 11), {}, [withRules(plain, ...rules), withRules(large, ...rules)]);
  });

  test('a rule that it can not apply makes no list, rather than one without it', async () => {
    const model = withRules(large, { name: 'hidden titles', action: 'hide', filter: { title: 'Title 3' } });
    await expect(listsOf(model, historyOf(4))).rejects.toMatchObject({ reason: 'rule_refused' });
  });

  test('after changes, categories and their sizes', () => {
    const [a, b] = [now(plain), now(large)].map(({ catalogue }) => catalogue.largestCategories());
    expect(b).toEqual(a);
  });
});

test('its manifest names every file, and those that are read later by their number', () => {
  const { manifest } = large;
  const named = [...filesOf(manifest).map(({ path }) => path), ...laterFilesOf(manifest)];
  expect([...named, MANIFEST_FILE].sort()).toEqual([...files.keys()].sort());
});

test('it has the rankers that need no semantic IDs', () => {
  expect(rankersOf(large)).toEqual(['latent', 'counts', 'trending', 'popular', 'similar']);
});

test('a filter that would need every title says so', () => {
  expect(large.catalogue.refusal({ all: [{ price: 1 }, { title: 'Title 3' }] })).toMatch(/title/);
  expect(large.catalogue.refusal({ id: { gt: 'a' } })).toMatch(/id/);
  expect(large.catalogue.refusal({ id: ['item-1'], price: { lt: 3 } })).toBeUndefined();
});

test('ids, hashes and single items', async () => {
  const { catalogue } = large;
  for (const id of ['item-0', 'item-199', 'item-64']) {
    const index = catalogue.indexOf(id)!;
    expect((await catalogue.read([index]))(index).id).toBe(id);
    expect(await catalogue.find(id)).toEqual(await plain.catalogue.find(id));
    expect(catalogue.countOf(index)).toBe(plain.catalogue.countOf(plain.catalogue.indexOf(id)!));
  }
  expect(catalogue.indexOf('item-200')).toBeUndefined();
});

test('items are found by words and their beginnings, the most popular first', async () => {
  const catalogue = large.catalogue as StoredCatalogue;
  const find = async (query: string) => {
    const found = await findStored(catalogue, query);
    const itemAt = await catalogue.read(found!);
    return found!.map((item) => itemAt(item).title);
  };
  expect(await find('TITLE 42')).toEqual(['Title 42']);
  expect(await find('titl 42')).toEqual(['Title 42']);
  expect(await find('nothing')).toEqual([]);
  expect(await find('!')).toEqual([]);
  expect(await findStored(catalogue, ' ')).toBeNull();
  const titles = await find('block 3');
  expect(titles).toHaveLength(
    plain.catalogue.items!.filter(
      ({ title, categories }) =>
        categories.includes('block 3') ||
        (categories.length > 0 && title === 'Title 3') ||
        categories.includes('row 3'),
    ).length,
  );
});

test('every small file is verified, and a damaged one is a 503 and not a wrong list', async () => {
  await expect(verifyModel(memorySource(files))).resolves.toMatchObject({ ranker: 'latent' });
  for (const { stem } of [ITEM_SHARDS, ROW_SHARDS]) {
    const damaged = new Map(files);
    for (const path of files.keys()) {
      if (path.startsWith(`${stem}-`)) damaged.set(path, new TextEncoder().encode('{}'));
    }
    await expect(verifyModel(memorySource(damaged))).rejects.toMatchObject({ reason: 'asset_damaged' });
    const model = await loadModel(memorySource(damaged), testRuntime);
    await expect(listsOf(model, historyOf(1, 2))).rejects.toMatchObject({ reason: 'asset_damaged' });
  }
});

test('a mask that was given back is used again, and forgets what it excluded', () => {
  const catalogue = large.catalogue as StoredCatalogue;
  const first = catalogue.allowed([1, 2]);
  catalogue.release(first);
  const second = catalogue.allowed([3]);
  expect(second).toBe(first);
  expect([1, 2, 3].map((item) => second[item])).toEqual([1, 1, 0]);
  expect(catalogue.allowed()).not.toBe(second);
});
