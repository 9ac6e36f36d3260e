/** What a list promises: exact when the beam is wide, never an item from outside, never short, never an excluded one. */
import { expect, test } from 'vitest';
import { DECODERS } from '../../worker/engine/manifest.ts';
import type { EarnModel } from '../../worker/engine/model.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { loadTiny, TINY } from '../fixtures/tiny-model.ts';

const model = await loadTiny('int8');
const random = seededRandom(11);

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
  await visit(0, 0, 0, (await decoder.score(state)).codeLogits, [], new Float32Array());
  return scores;
}

test('with a beam as wide as the catalogue the list is the exhaustive one, and all probabilities sum to one', async () => {
  for (const length of [0, 5, 40]) {
    const history = randomInts(random, length, TINY.items);
    const scores = await exhaustiveScores(model, history);
    const { items } = await model.recommend({
      history,
      k: TINY.items,
      excluded: new Set(),
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
  const { itemLogProbs } = await model.decoder.score(await model.decoder.prefill(history));
  const codes = await exhaustiveScores(model, history);
  const request = { history, k: TINY.items, excluded: new Set<number>(), beam: TINY.items };
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
        const { items } = await model.recommend({ history, k, excluded, beam, decoder });
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

test('excluding the best item moves the others up and changes nothing else', async () => {
  const request = { history: [4, 8, 15], k: 10, beam: TINY.items };
  const before = await model.recommend({ ...request, k: 11, excluded: new Set() });
  const after = await model.recommend({ ...request, excluded: new Set([before.items[0].item]) });
  expect(after.items).toEqual(before.items.slice(1));
});

test('everything excluded: an empty list', async () => {
  const excluded = new Set(Array.from({ length: TINY.items }, (_, item) => item));
  const { items } = await model.recommend({ history: [1], k: 10, excluded });
  expect(items).toEqual([]);
});

test('a history longer than the window: its newest part alone decides', async () => {
  const history = randomInts(random, TINY.window + 10, TINY.items);
  const long = await model.recommend({ history, k: 5, excluded: new Set() });
  const newest = await model.recommend({
    history: history.slice(TINY.window / 2),
    k: 5,
    excluded: new Set(),
  });
  expect(long.items).toEqual(newest.items);
  expect(long.prefilled).toBe(TINY.window / 2 + 10);
});

test('requests that come at once get the answers that they get alone', async () => {
  const requests = Array.from({ length: 8 }, (_, i) => ({
    history: randomInts(random, i * 5, TINY.items),
    k: 5,
    excluded: new Set<number>(),
  }));
  const together = await Promise.all(requests.map((request) => model.recommend(request)));
  for (const [index, request] of requests.entries()) {
    expect(await model.recommend(request)).toEqual(together[index]);
  }
});
