/**
 * What a list promises: exact when the beam is wide, never an item from outside, never short, never an
 * excluded one.
 */
import { expect, test, vi } from 'vitest';
import type { BeamOptions } from '../../worker/engine/beam-search.ts';
import type { Ranked } from '../../worker/engine/ranking.ts';
import type { EarnModel } from '../../worker/models/model.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { loadTiny, TINY, tinyCheckpoint } from '../fixtures/tiny-model.ts';

const model = await loadTiny('int8');
const random = seededRandom(11);
const checkpoint = tinyCheckpoint();
const all = new Uint8Array(TINY.items).fill(1);
const semanticIds = (item: number) =>
  checkpoint.semanticIds.subarray(item * TINY.levels, (item + 1) * TINY.levels);

/** Every item's log-probability, one path of codes at a time, without any search. */
async function exhaustiveScores({ decoder, trie }: EarnModel, history: number[]) {
  const state = await model.prefill(history);
  const scores = new Map<number, number>();
  const visit = async (
    level: number,
    node: number,
    score: number,
    logits: Float32Array,
    rows: number[],
    earlier: Float32Array,
  ) => {
    const below = trie!.children[level].subarray(node * TINY.codebook, (node + 1) * TINY.codebook);
    const sum = logits.reduce((total, logit, code) => total + (below[code] >= 0 ? Math.exp(logit) : 0), 0);
    for (const [code, child] of below.entries()) {
      if (child < 0) continue;
      const next = score + logits[code] - Math.log(sum);
      if (level === TINY.levels - 1) {
        scores.set(child, next);
        continue;
      }
      const step = await decoder.decode(state, {
        codes: Int32Array.of(code),
        level,
        ancestors: [rows],
        earlier,
      });
      const grown = Float32Array.of(...earlier, ...step.keyValues);
      await visit(level + 1, child, next, step.logits, [...rows, rows.length], grown);
    }
  };
  await visit(0, 0, 0, state.codeLogits, [], new Float32Array());
  return scores;
}

/** The list after a history. */
async function listOf(history: number[], options: BeamOptions): Promise<Ranked[]> {
  return model.beamSearch(await model.prefill(history), options);
}

test('with a beam as wide as the catalogue the list is exhaustive, and probabilities sum to one', async () => {
  for (const length of [0, 5, 40]) {
    const history = randomInts(random, length, TINY.items);
    const scores = await exhaustiveScores(model, history);
    const items = await listOf(history, { k: TINY.items, allowed: all, beam: TINY.items });
    const expected = [...scores].sort((a, b) => b[1] - a[1]).map(([item]) => item);
    expect(items.map(({ item }) => item)).toEqual(expected);
    for (const { item, score } of items) expect(score).toBeCloseTo(scores.get(item)!, 4);
    expect(items.reduce((sum, { score }) => sum + Math.exp(score), 0)).toBeCloseTo(1, 4);
  }
});

test('a bonus per item is added to its score: the list is ordered by the sum', async () => {
  const history = randomInts(random, 20, TINY.items);
  const bonus = await model.itemLogProbs(await model.prefill(history));
  expect(bonus.reduce((sum, score) => sum + Math.exp(score), 0)).toBeCloseTo(1, 4);
  const codes = await exhaustiveScores(model, history);
  const items = await listOf(history, { k: TINY.items, allowed: all, beam: TINY.items, bonus });
  const scoreOf = (item: number) => bonus[item] + codes.get(item)!;
  const expected = [...bonus.keys()].sort((a, b) => scoreOf(b) - scoreOf(a));
  expect(items.map(({ item }) => item)).toEqual(expected);
  for (const { item, score } of items) expect(score).toBeCloseTo(scoreOf(item), 4);
});

test.each([{ withBonus: false }, { withBonus: true }])(
  'a list is full, ordered and free of excluded items, however narrow the beam (bonus: $withBonus)',
  async ({ withBonus }) => {
    for (const beam of [1, 2, 3, 20]) {
      for (const k of [1, 10, TINY.items]) {
        const history = randomInts(random, 12, TINY.items);
        const excluded = new Set(randomInts(random, 30, TINY.items));
        const allowed = model.catalogue.allowed(excluded);
        const bonus = withBonus ? await model.itemLogProbs(await model.prefill(history)) : undefined;
        const items = await listOf(history, { k, allowed, beam, bonus });
        expect(items).toHaveLength(Math.min(k, TINY.items - excluded.size));
        expect(new Set(items.map(({ item }) => item)).size).toBe(items.length);
        for (const [index, { item, score }] of items.entries()) {
          expect(excluded.has(item)).toBe(false);
          expect(item >= 0 && item < TINY.items).toBe(true);
          expect(score).toBeLessThanOrEqual(index === 0 ? 0 : items[index - 1].score);
        }
      }
    }
  },
);

/** The first `k` of the exhaustive list of those items. */
async function reference(history: number[], allowed: Set<number>, k: number): Promise<number[]> {
  const scores = [...(await exhaustiveScores(model, history))].filter(([item]) => allowed.has(item));
  return scores
    .sort((a, b) => b[1] - a[1])
    .map(([item]) => item)
    .slice(0, k);
}

test('only items of the named categories, as many as there are; with a wide beam the best', async () => {
  const { catalogue } = model;
  const names = catalogue.largestCategories().map(({ name }) => name);
  for (let round = 0; round < 30; round++) {
    const history = randomInts(random, 5, TINY.items);
    const excluded = new Set(randomInts(random, round, TINY.items));
    const categories = randomInts(random, 1 + (round % 3), names.length).map((index) => names[index]);
    const wanted = catalogue.items!.flatMap((item, index) =>
      item.categories.some((name) => categories.includes(name)) && !excluded.has(index) ? [index] : [],
    );
    const allowed = catalogue.allowed(catalogue.items!.keys());
    for (const item of wanted) allowed[item] = 1;
    const k = 1 + (round % 12);
    const list = async (beam: number) =>
      (await listOf(history, { k, allowed, beam })).map(({ item }) => item);
    expect(await list(TINY.items)).toEqual(await reference(history, new Set(wanted), k));
    const narrow = await list(1 + (round % 4));
    expect(narrow).toHaveLength(Math.min(k, wanted.length));
    for (const item of narrow) expect(wanted).toContain(item);
  }
});

test('a prefix that leads to no allowed item is never decoded', async () => {
  const decode = vi.spyOn(model.decoder, 'decode');
  for (let item = 0; item < TINY.items; item++) {
    decode.mockClear();
    const allowed = new Uint8Array(TINY.items);
    allowed[item] = 1;
    const items = await listOf([3, 1], { k: 5, allowed, beam: 2 });
    expect(items.map((ranked) => ranked.item)).toEqual([item]);
    // One row a level: its own code.
    const path = decode.mock.calls.map(([, { codes }]) => [...codes]);
    expect(path).toEqual([...semanticIds(item)].slice(0, -1).map((code) => [code]));
  }
  decode.mockRestore();
});

test('excluding the best item moves the others up and changes nothing else', async () => {
  const before = await listOf([4, 8, 15], { k: 11, beam: TINY.items, allowed: all });
  const allowed = model.catalogue.allowed([before[0].item]);
  expect(await listOf([4, 8, 15], { k: 10, beam: TINY.items, allowed })).toEqual(before.slice(1));
});

test('nothing allowed: an empty list', async () => {
  expect(await listOf([1], { k: 10, beam: 20, allowed: new Uint8Array(TINY.items) })).toEqual([]);
});

test('requests that come at once get the answers that they get alone', async () => {
  const histories = Array.from({ length: 8 }, (_, i) => randomInts(random, i * 5, TINY.items));
  const options = { k: 5, beam: 20, allowed: all };
  const together = await Promise.all(histories.map((history) => listOf(history, options)));
  for (const [index, history] of histories.entries()) {
    expect(await listOf(history, options)).toEqual(together[index]);
  }
});
