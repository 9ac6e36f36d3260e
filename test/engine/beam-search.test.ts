/** What a list promises: exact when the beam is wide, never an item from outside, never short, never an excluded one. */
import { expect, test, vi } from 'vitest';
import { DECODERS, type DecoderName } from '../../worker/models/manifest.ts';
import type { EarnModel } from '../../worker/models/model.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { loadTiny, TINY, tinyCheckpoint } from '../fixtures/tiny-model.ts';

const model = await loadTiny('int8');
const random = seededRandom(11);
const checkpoint = tinyCheckpoint();
const semanticIds = (item: number) =>
  checkpoint.semanticIds.subarray(item * TINY.levels, (item + 1) * TINY.levels);

/** Every item's log-probability, one path of codes at a time, without any search. */
async function exhaustiveScores(
  { decoder, trie }: EarnModel,
  history: number[],
): Promise<Map<number, number>> {
  const state = await decoder.prefill(history);
  const scores = new Map<number, number>();
  const visit = async (
    level: number,
    node: number,
    score: number,
    logits: Float32Array,
    rows: number[],
    earlier: Float32Array,
  ) => {
    const below = trie.children[level].subarray(node * TINY.codebook, (node + 1) * TINY.codebook);
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

test('with a beam as wide as the catalogue the list is the exhaustive one, and all probabilities sum to one', async () => {
  for (const length of [0, 5, 40]) {
    const history = randomInts(random, length, TINY.items);
    const scores = await exhaustiveScores(model, history);
    const { items } = await model.recommend({
      history,
      k: TINY.items,
      allowed: model.catalogue.allowed([]),
      beam: TINY.items,
    });
    const expected = [...scores].sort((a, b) => b[1] - a[1]).map(([item]) => item);
    expect(items.map(({ item }) => item)).toEqual(expected);
    for (const { item, score } of items) expect(score).toBeCloseTo(scores.get(item)!, 4);
    expect(items.reduce((sum, { score }) => sum + Math.exp(score), 0)).toBeCloseTo(1, 4);
  }
});

test('latent: all items by their own scores; hybrid: by the sum of both decoders', async () => {
  const history = randomInts(random, 20, TINY.items);
  const itemLogProbs = await model.decoder.score(await model.decoder.prefill(history));
  const codes = await exhaustiveScores(model, history);
  const request = { history, k: TINY.items, allowed: model.catalogue.allowed([]), beam: TINY.items };
  for (const decoder of ['latent', 'hybrid'] as const) {
    const { items } = await model.recommend({ ...request, decoder });
    const scoreOf = (item: number) => itemLogProbs[item] + (decoder === 'hybrid' ? codes.get(item)! : 0);
    const expected = [...itemLogProbs.keys()].sort((a, b) => scoreOf(b) - scoreOf(a));
    expect(items.map(({ item }) => item)).toEqual(expected);
    for (const { item, score } of items) expect(score).toBeCloseTo(scoreOf(item), 4);
  }
  expect(itemLogProbs.reduce((sum, score) => sum + Math.exp(score), 0)).toBeCloseTo(1, 4);
});

test.each(DECODERS)(
  '%s: a list is full, ordered and free of excluded items, however narrow the beam',
  async (decoder) => {
    for (const beam of [1, 2, 3, 20]) {
      for (const k of [1, 10, TINY.items]) {
        const history = randomInts(random, 12, TINY.items);
        const excluded = new Set(randomInts(random, 30, TINY.items));
        const allowed = model.catalogue.allowed(excluded);
        const { items } = await model.recommend({ history, k, allowed, beam, decoder });
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

test('only items of the named categories, as many as there are, the best of them with a wide beam', async () => {
  const { catalogue } = model;
  const names = [...catalogue.categories.keys()];
  for (let round = 0; round < 30; round++) {
    const history = randomInts(random, 5, TINY.items);
    const excluded = new Set(randomInts(random, round, TINY.items));
    const categories = randomInts(random, 1 + (round % 3), names.length).map((index) => names[index]);
    const wanted = catalogue.items.flatMap((item, index) =>
      item.categories.some((name) => categories.includes(name)) && !excluded.has(index) ? [index] : [],
    );
    const allowed = catalogue.allowed(excluded, categories);
    const k = 1 + (round % 12);
    const list = async (decoder: DecoderName, beam: number) =>
      (await model.recommend({ history, k, allowed, beam, decoder })).items.map(({ item }) => item);
    expect(await list('beam', TINY.items)).toEqual(await reference(history, new Set(wanted), k));
    for (const decoder of DECODERS) {
      const narrow = await list(decoder, 1 + (round % 4));
      expect(narrow).toHaveLength(Math.min(k, wanted.length));
      for (const item of narrow) expect(wanted).toContain(item);
    }
  }
});

test('a prefix that leads to no allowed item is never decoded', async () => {
  const decode = vi.spyOn(model.decoder, 'decode');
  for (let item = 0; item < TINY.items; item++) {
    decode.mockClear();
    const allowed = new Uint8Array(TINY.items);
    allowed[item] = 1;
    const { items } = await model.recommend({ history: [3, 1], k: 5, allowed, beam: 2, decoder: 'beam' });
    expect(items.map((ranked) => ranked.item)).toEqual([item]);
    // One row a level: its own code.
    const path = decode.mock.calls.map(([, { codes }]) => [...codes]);
    expect(path).toEqual([...semanticIds(item)].slice(0, -1).map((code) => [code]));
  }
  decode.mockRestore();
});

test('excluding the best item moves the others up and changes nothing else', async () => {
  const request = { history: [4, 8, 15], k: 10, beam: TINY.items };
  const before = await model.recommend({ ...request, k: 11, allowed: model.catalogue.allowed([]) });
  const allowed = model.catalogue.allowed([before.items[0].item]);
  const after = await model.recommend({ ...request, allowed });
  expect(after.items).toEqual(before.items.slice(1));
});

test('nothing allowed: an empty list', async () => {
  const allowed = new Uint8Array(TINY.items);
  const { items } = await model.recommend({ history: [1], k: 10, allowed });
  expect(items).toEqual([]);
});

test('a history longer than the window: its newest part alone decides', async () => {
  const history = randomInts(random, TINY.window + 10, TINY.items);
  const allowed = model.catalogue.allowed([]);
  const long = await model.recommend({ history, k: 5, allowed });
  const newest = await model.recommend({
    history: history.slice(TINY.window / 2),
    k: 5,
    allowed,
  });
  expect(long.items).toEqual(newest.items);
  expect(long.prefilled).toBe(TINY.window / 2 + 10);
});

test('requests that come at once get the answers that they get alone', async () => {
  const requests = Array.from({ length: 8 }, (_, i) => ({
    history: randomInts(random, i * 5, TINY.items),
    k: 5,
    allowed: model.catalogue.allowed([]),
  }));
  const together = await Promise.all(requests.map((request) => model.recommend(request)));
  for (const [index, request] of requests.entries()) {
    expect(await model.recommend(request)).toEqual(together[index]);
  }
});
