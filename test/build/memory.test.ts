/** How a model gets its memory: counted in training items alone, and fitted on validation. */
import { expect, test } from 'vitest';
import { buildModel, withMemory } from '../../scripts/build/build-model.ts';
import { buildMemory } from '../../scripts/build/memory/build-memory.ts';
import { type CountedRow, countTransitions } from '../../scripts/build/memory/counts.ts';
import { evidenceOf } from '../../scripts/build/memory/evidence.ts';
import { type FitCase, fitWeights } from '../../scripts/build/memory/fit.ts';
import { bestScale } from '../../scripts/build/memory/scale.ts';
import { memoryTable } from '../../scripts/build/memory/table.ts';
import { eventsOf } from '../../scripts/dataset.ts';
import { memorySource } from '../../scripts/node-model.ts';
import { probabilityOf, readTransitions } from '../../worker/memory/layout.ts';
import { loadModel } from '../../worker/models/model.ts';
import { queryFor } from '../../worker/recommend/query.ts';
import { recommend } from '../../worker/recommend/recommend.ts';
import { given } from '../../worker/recommend/states.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { Stages } from '../fixtures/stages.ts';
import { loadTiny, TINY, testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';
import { walks } from '../fixtures/walks.ts';

const pairsOf = ({ items, counts }: CountedRow) => Array.from(items, (item, at) => [item, counts[at]]);

test('where only some events are the target, only they are successors', () => {
  const log = {
    histories: [Int32Array.of(0, 1, 2), Int32Array.of(0, 2)],
    targets: [Uint8Array.of(0, 1, 0), Uint8Array.of(1, 1)],
    items: 3,
  };
  const rows = countTransitions(log, { distances: 2, reverse: 0.5, most: 9 });
  expect(rows.map(pairsOf)).toEqual([
    [
      [1, 1],
      [2, 1],
    ],
    [],
    [
      [0, 0.5],
      [1, 0.5],
    ],
  ]);
});

test('pairs count by their distance, in both directions', () => {
  const rows = countTransitions(
    { histories: [Int32Array.of(0, 1, 2), Int32Array.of(0, 2)], items: 4 },
    {
      distances: 2,
      reverse: 0.5,
      most: 9,
    },
  );
  expect(rows.map(pairsOf)).toEqual([
    [
      [2, 1.5],
      [1, 1],
    ],
    [
      [2, 1],
      [0, 0.5],
    ],
    [
      [0, 0.75],
      [1, 0.5],
    ],
    [],
  ]);
  expect(rows.map(({ total }) => total)).toEqual([2.5, 1.5, 1.25, 0]);
});

test('the strongest successors stay, in the order of items, and few observations make small probabilities', () => {
  // 0 is followed by 2 four times, by 0 three times, and once by 1; 1 is followed by 2 once.
  const walks = [...Array(4).fill([0, 2]), ...Array(3).fill([0, 0]), [0, 1], [1, 2]];
  const histories = walks.map((walk) => Int32Array.from(walk));
  const rows = countTransitions({ histories, items: 3 }, { distances: 1, reverse: 0, most: 2 });
  const read = (shrinkage: number) => readTransitions(memoryTable(rows, { shrinkage }), 3);
  const { starts, successors, probabilities } = read(0);
  expect([...starts]).toEqual([0, 2, 3, 3]);
  expect([...successors]).toEqual([0, 2, 2]);
  expect(probabilityOf(probabilities[1])).toBe(0.5);
  const shrunk = [...read(8).probabilities].map(probabilityOf);
  expect(shrunk[1]).toBe(0.25);
  expect(shrunk[2] / (1 / 9)).toBeCloseTo(1, 1);
});

test('what is held out is never counted', async () => {
  const model = await loadTiny('int8');
  // The held-out items go back and forth between two far ones, which no walk does.
  const dataset = walks(60, (walk) => [(walk.at(-1)! + 25) % TINY.items, walk.at(-1)!]);
  const known = new Set<string>();
  for (const [user, trained] of dataset.trained.entries()) {
    const items = eventsOf(dataset, user).map(({ item }) => item);
    for (let at = 0; at < trained; at++) {
      for (let to = Math.max(0, at - 10); to < Math.min(trained, at + 11); to++)
        known.add(`${items[at]} ${items[to]}`);
    }
  }
  const { starts, successors } = readTransitions((await buildMemory(model, dataset)).file, TINY.items);
  expect(successors.length).toBeGreaterThan(100);
  for (let item = 0; item < TINY.items; item++) {
    for (const successor of successors.subarray(starts[item], starts[item + 1])) {
      expect(known).toContain(`item-${item} item-${successor}`);
    }
  }
});

test('the fit finds the weights that the cases were drawn with, at every length', () => {
  const random = seededRandom(2);
  const items = 30;
  const trueWeight = (length: number) => 0.5 + Math.log2(length) / 4;
  const trueSecond = (length: number) => 1 - Math.log2(length) / 8;
  const cases: FitCase[] = [];
  const evidence = [];
  for (let i = 0; i < 6000; i++) {
    const logits = Float32Array.from({ length: items }, () => 2 * random());
    const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    const length = 1 + Math.floor(128 ** random());
    const values = Float64Array.from({ length: 10 }, () => 2 * random());
    const boosted = Int32Array.from({ length: 10 }, (_, at) => 3 * at);
    // The second part also speaks against items.
    const second = Float64Array.from({ length: 10 }, () => 6 * random() - 3);
    const others = Int32Array.from({ length: 10 }, (_, at) => 2 * at);
    const scores = logits.map((logit) => logit - logSum);
    const logProbs = scores.slice();
    for (const [at, item] of boosted.entries()) scores[item] += trueWeight(length) * values[at];
    for (const [at, item] of others.entries()) scores[item] += trueSecond(length) * second[at];
    const allowed = new Uint8Array(items).fill(1);
    allowed[1] = 0;
    const exps = scores.map((score, item) => (allowed[item] ? Math.exp(score) : 0));
    const draw = random() * exps.reduce((sum, exp) => sum + exp, 0);
    const target = exps.findIndex((_, item) => exps.slice(0, item + 1).reduce((a, b) => a + b, 0) > draw);
    cases.push({ length, target, logProbs, allowed });
    evidence.push(
      evidenceOf([
        { items: boosted, values },
        { items: others, values: second },
      ]),
    );
  }
  const { weights, likelihood } = fitWeights(cases, evidence, 2);
  for (const [part, weightAfter] of [trueWeight, trueSecond].entries()) {
    for (const [knot, weight] of weights[part].entries()) {
      expect(Math.abs(weight - weightAfter(2 ** knot))).toBeLessThan(0.25);
    }
  }
  const nothing = cases.map(() => evidenceOf([]));
  expect(likelihood).toBeGreaterThan(fitWeights(cases, nothing, 0).likelihood);
});

test('sums over groups of items are those over the items', () => {
  const random = seededRandom(5);
  const cases = Array.from({ length: 50 }, (): FitCase => {
    const logits = Float32Array.from({ length: 3000 }, () => -12 * random());
    const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    const target = Math.floor(3000 * random());
    const allowed = Uint8Array.from(logits, (_, item) => (item === target || random() < 0.9 ? 1 : 0));
    return { length: 1, target, logProbs: logits.map((logit) => logit - logSum), allowed };
  });
  const evidence = cases.map(({ target }) => ({
    items: Int32Array.of(target, (target + 1) % 3000),
    values: Float64Array.of(1 + random(), 2),
  }));
  const { parameters, likelihood } = fitWeights(
    cases,
    evidence.map((each) => evidenceOf([each])),
    1,
  );
  const [a, b] = [parameters[0], parameters[8]];
  const expected = cases.map(({ logProbs, allowed, target }, index) => {
    const scores = Float64Array.from(logProbs, (value) => a * value);
    for (const [i, item] of evidence[index].items.entries()) scores[item] += b * evidence[index].values[i];
    const sum = scores.reduce((total, score, item) => total + allowed[item] * Math.exp(score), 0);
    return scores[target] - Math.log(sum);
  });
  expect(likelihood).toBeCloseTo(expected.reduce((sum, each) => sum + each, 0) / cases.length, 3);
});

test('the fewer cases there are, the nearer the weights stay to one half', () => {
  expect(fitWeights([], [], 2).weights).toEqual([new Array(8).fill(0.5), new Array(8).fill(0)]);
  const allowed = new Uint8Array(2).fill(1);
  const logProbs = Float32Array.of(Math.log(0.5), Math.log(0.5));
  const weightAfter = (count: number) => {
    const cases: FitCase[] = new Array(count).fill({ length: 4, target: 1, logProbs, allowed });
    const wrong = evidenceOf([{ items: Int32Array.of(0), values: Float64Array.of(3) }]);
    return fitWeights(cases, new Array(count).fill(wrong), 1).weights[0][2];
  };
  // The memory is always wrong here.
  expect(weightAfter(1)).toBeGreaterThan(weightAfter(20));
  expect(weightAfter(200)).toBe(0);
});

test('a memory makes another model of the same states and catalogue, and it answers with it', async () => {
  const dataset = walks(200);
  const plain = buildModel(tinyCheckpoint(), 'tiny', 'int8');
  const model = await loadModel(memorySource(plain.files), testRuntime);
  const stages = new Stages();
  const memory = await buildMemory(model, dataset, stages.stage);
  expect(stages.done.map(([label]) => label)).toEqual([
    'validation',
    'memory',
    'weights',
    'affinities',
    'weights',
  ]);
  for (const [, share] of stages.done) expect(share).toBeCloseTo(1, 9);
  const built = withMemory(plain, memory);
  expect(withMemory(plain, await buildMemory(model, dataset))).toEqual(built);
  expect(built.manifest).toMatchObject({
    stateId: plain.manifest.stateId,
    catalogueId: plain.manifest.catalogueId,
  });
  expect(built.manifest.id).not.toBe(plain.manifest.id);
  expect(memory.report.likelihood).toBeGreaterThan(memory.report.decoderLikelihood);

  const remembering = await loadModel(memorySource(built.files), testRuntime);
  const history = randomInts(seededRandom(1), 9, TINY.items);
  expect(await remembering.prefill(history)).toEqual(await model.prefill(history));
  const events = ['item-7', 'item-20'].map((item) => ({ item }));
  for (const ranker of ['latent', 'beam', 'hybrid'] as const) {
    const query = { ...queryFor(10), ranker };
    const before = await recommend(model, given(events), query);
    const after = await recommend(remembering, given(events), query);
    expect(before.items.every(({ because }) => because === undefined)).toBe(true);
    const next = after.items.find(({ id }) => id === 'item-21')!;
    expect(next.because![0]).toBe('item-20');
    const placeBefore = before.items.find(({ id }) => id === 'item-21')?.rank ?? Infinity;
    expect(next.rank).toBeLessThanOrEqual(placeBefore);
  }
});

test('a memory that is damaged, missing or of another size makes the model unavailable', async () => {
  const plain = buildModel(tinyCheckpoint(), 'tiny', 'int8');
  const model = await loadModel(memorySource(plain.files), testRuntime);
  const memory = await buildMemory(model, walks(50));
  const { files } = withMemory(plain, memory);
  const damaged = files.get('memory-0.bin')!.slice();
  damaged[50] ^= 1;
  for (const [change, reason] of [
    [new Map([...files, ['memory-0.bin', damaged]]), 'asset_damaged'],
    [new Map([...files].filter(([path]) => path !== 'memory-0.bin')), 'asset_missing'],
    [withMemory(plain, { ...memory, file: memory.file.slice(0, -1) }).files, 'manifest_damaged'],
  ] as const) {
    await expect(loadModel(memorySource(change), testRuntime)).rejects.toMatchObject({ reason });
  }
});

test('in small pieces it is the same memory', async () => {
  const plain = buildModel(tinyCheckpoint(), 'tiny', 'int8');
  const memory = await buildMemory(await loadModel(memorySource(plain.files), testRuntime), walks(50));
  const { manifest, files } = withMemory(plain, memory, 100);
  expect(manifest.memory!.shards!.length).toBeGreaterThan(1);
  const { memory: loaded } = await loadModel(memorySource(files), testRuntime);
  const { memory: whole } = await loadModel(memorySource(withMemory(plain, memory).files), testRuntime);
  expect(loaded!.scores([3, 4])).toEqual(whole!.scores([3, 4]));
});

test('weights are scaled to what ranks best, however sure of itself the decoder is', () => {
  // The decoder is certain, and wrong; the memory knows.
  const cases: FitCase[] = Array.from({ length: 40 }, (_, target) => ({
    length: 1 + (target % 4),
    target,
    logProbs: Float32Array.from({ length: 60 }, (_, item) => (item >= 45 ? -1 : -9)),
    allowed: new Uint8Array(60).fill(1),
  }));
  const knowing = cases.map(({ target }) =>
    evidenceOf([{ items: Int32Array.of(target), values: Float64Array.of(3) }]),
  );
  expect(bestScale(cases, knowing, 1, () => [1])).toEqual({ factors: [3], ndcg: 1 });
  expect(bestScale(cases, knowing, 1, () => [3]).factors).toEqual([1]);
  // And the other way round.
  const wrong = { items: Int32Array.from({ length: 12 }, (_, i) => i), values: new Float64Array(12).fill(3) };
  const misled = cases.map(() => evidenceOf([wrong]));
  const right = cases.map((each) => ({ ...each, target: 45 }));
  expect(bestScale(right, misled, 1, () => [4]).factors).toEqual([0.5]);
  // Each of two parts gets its own factor.
  const knows = ({ target }: FitCase) => ({ items: Int32Array.of(target), values: Float64Array.of(3) });
  const both = (each: FitCase) => evidenceOf([knows(each), wrong]);
  expect(bestScale(cases, cases.map(both), 2, () => [2, 2]).factors).toEqual([1.4, 1]);
  expect(bestScale(right, right.map(both), 2, () => [0, 4]).factors).toEqual([1, 0.5]);
});

test('a factor that ranks better by luck alone is not taken', () => {
  // Five times as much weight puts item 1 before item 0.
  const caseOf = (target: number): FitCase => ({
    length: 1,
    target,
    logProbs: Float32Array.from({ length: 20 }, (_, item) => (item < 2 ? -1 - item : -9)),
    allowed: new Uint8Array(20).fill(1),
  });
  const forItem1 = { items: Int32Array.of(1), values: Float64Array.of(3) };
  const factorsFor = (targets: number[]) => {
    const evidence = targets.map(() => evidenceOf([forItem1]));
    return bestScale(targets.map(caseOf), evidence, 1, () => [0.1]).factors;
  };
  expect(factorsFor([1, 1, 1, 1, 1, 1, 1, 1, 0])).toEqual([5]);
  expect(factorsFor([1, 1, 1, 1, 1, 0, 0, 0, 0])).toEqual([1]);
});
