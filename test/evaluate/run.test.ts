/** A whole evaluation of a tiny model: what is measured is what the service lists. */
import { beforeAll, expect, test } from 'vitest';
import type { Dataset } from '../../scripts/dataset.ts';
import { report } from '../../scripts/evaluate/report.ts';
import { type Evaluation, type EvaluationOptions, evaluate } from '../../scripts/evaluate/run.ts';
import type { EarnModel } from '../../worker/models/model.ts';
import { queryFor } from '../../worker/recommend/query.ts';
import { recommend } from '../../worker/recommend/recommend.ts';
import { given } from '../../worker/recommend/states.ts';
import { datasetOf } from '../fixtures/dataset.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { Stages } from '../fixtures/stages.ts';
import { loadTiny, TINY } from '../fixtures/tiny-model.ts';

const USERS = 30;
const stages = new Stages();
const silent = { say() {}, stage: stages.stage };

/** Every user runs through the items one by one; every third ends with an item that the user had. */
function circles(model: EarnModel): Dataset {
  const random = seededRandom(1);
  const logs = Array.from({ length: USERS }, (_, user) => {
    const [start] = randomInts(random, 1, TINY.items);
    const items = Array.from(
      { length: 12 },
      (_, step) => model.catalogue.items![(start + step) % TINY.items].id,
    );
    if (user % 3 === 0) items[11] = items[4];
    return [`user ${user}`, { items, trained: 10, known: 11 }] as const;
  });
  return datasetOf(Object.fromEntries(logs));
}

const OPTIONS: EvaluationOptions = { split: 'test', rankers: ['latent', 'beam'], beam: 20 };
let model: EarnModel;
let evaluation: Evaluation;

beforeAll(async () => {
  model = await loadTiny('int8');
  evaluation = await evaluate(model, circles(model), OPTIONS, silent);
});

test('the model and every yardstick rank the same cases', () => {
  const { cases, ranks, results, yardsticks } = evaluation;
  expect(cases).toHaveLength(USERS);
  expect(Object.keys(results)).toEqual(['latent', 'beam']);
  expect(Object.keys(yardsticks)).toEqual([
    'popular',
    'first-order',
    'transitions',
    'knn',
    'vmis-knn',
    'ease',
  ]);
  expect([...ranks.keys()].sort()).toEqual([...Object.keys(results), ...Object.keys(yardsticks)].sort());
  for (const each of ranks.values()) expect(each).toHaveLength(USERS);
});

test('each yardstick and the lists say how far they are, up to the end', () => {
  const names = [...Object.keys(evaluation.yardsticks), 'lists'];
  expect(stages.done).toEqual(names.map((name) => [name, expect.closeTo(1, 9)]));
});

test('a target that the user had is hidden, as the service hides it, and counts as a miss', () => {
  const { results, yardsticks } = evaluation;
  for (const summary of Object.values({ ...results, ...yardsticks })) {
    expect(summary.repeat).toMatchObject({ cases: 10, 'hr@20': 0 });
    expect(summary.new!.cases).toBe(20);
    // All cases are the two groups together.
    expect(summary['hr@10']).toBeCloseTo((20 / 30) * summary.new!['hr@10'], 4);
  }
});

test('counting finds the circle that a random model does not', () => {
  const { results, yardsticks } = evaluation;
  expect(yardsticks['first-order'].new!['hr@5']).toBe(1);
  expect(yardsticks.transitions.new!['hr@5']).toBe(1);
  expect(results.latent.new!['hr@5']).toBeLessThan(0.7);
});

test('the ranks are those of the lists that the service gives', async () => {
  for (const ranker of OPTIONS.rankers) {
    for (const [i, { history, target }] of evaluation.cases.entries()) {
      const events = history.map((item) => ({ item }));
      const { items } = await recommend(model, given(events), { ...queryFor(20), ranker });
      const place = items.findIndex(({ id }) => id === target);
      expect(evaluation.ranks.get(ranker)![i]).toBe(place < 0 ? Infinity : place);
    }
  }
});

test('histories cut to the newest item leave first-order as it is, and hide no less', () => {
  const { newest, ...whole } = evaluation.yardsticks['first-order'];
  expect(Object.keys(newest)).toEqual(['1', '3', '5', '10']);
  expect(newest[1]['ndcg@10']).toBe(whole['ndcg@10']);
});

test('two histories share all of a list that is the same for everybody, and some of others', () => {
  const { yardsticks } = evaluation;
  expect(yardsticks.popular['overlap@10']).toBeGreaterThan(0.8); // but for the histories' own items
  expect(yardsticks.transitions['overlap@10']).toBeLessThan(0.6);
});

test('data that holds nothing out is refused', async () => {
  const all = new Int32Array(USERS).fill(12);
  const nothing = evaluate(model, { ...circles(model), trained: all, known: all }, OPTIONS, silent);
  await expect(nothing).rejects.toThrow('the data holds nothing out for test');
});

test('the report ends with the verdict and a line of JSON that has everything', () => {
  const printed: string[] = [];
  const options = { ...OPTIONS, data: 'data/circles' };
  const dataset = circles(model);
  const run = { manifest: model.manifest, dataset, options, evaluation, command: 'npm run evaluate -- …' };
  report(run, (line) => printed.push(line));
  expect(printed.at(-2)).toMatch(/^The model \(beam\) is worse than the best yardstick, /);
  const told = JSON.parse(printed.at(-1)!);
  expect(told).toMatchObject({
    dataset: 'circles',
    protocol: 'leave-one-out test, all items ranked, seen hidden',
    cases: USERS,
    model: model.manifest.id,
    default: 'beam', // the model's own choice
    command: run.command,
  });
  expect(told.results).toEqual(JSON.parse(JSON.stringify(evaluation.results)));
  expect(told.yardsticks).toEqual(JSON.parse(JSON.stringify(evaluation.yardsticks)));
  const { over, 'ndcg@10': ndcg } = told.verdict;
  const [mine, best] = [told.results.beam, told.yardsticks[over]].map((each) => each['ndcg@10']);
  expect(ndcg[0]).toBeCloseTo(mine - best, 4);
});

test('a model that ranks alone has the same ranks, and no verdict', async () => {
  const options = { ...OPTIONS, alone: true, cuts: false };
  const dataset = circles(model);
  const alone = await evaluate(model, dataset, options, silent);
  expect([...alone.ranks.keys()]).toEqual(OPTIONS.rankers);
  for (const [ranker, ranks] of alone.ranks) expect(ranks).toEqual(evaluation.ranks.get(ranker));
  const printed: string[] = [];
  const about = { options: { ...options, data: 'data/circles' }, command: 'npm run evaluate -- …' };
  report({ manifest: model.manifest, dataset, evaluation: alone, ...about }, (line) => printed.push(line));
  expect(printed).toHaveLength(1);
  const told = JSON.parse(printed[0]);
  expect(told).toMatchObject({ dataset: 'circles', yardsticks: {} });
  expect(told.verdict).toBeUndefined();
});

test('a model that knows the validation items is held against simple methods that know them too', async () => {
  // Everyone goes on step by step, and in the end jumps twice, which nothing in the training part does.
  const logs = model.catalogue.items!.map(({ id }, user) => {
    const places = [0, 1, 2, 3, 8, 13].map((step) => (user + step) % TINY.items);
    const items = places.map((place) => model.catalogue.items![place].id);
    return [`after ${id}`, { items, trained: 4, known: 5 }] as const;
  });
  const jumps = datasetOf(Object.fromEntries(logs));
  const refit: EarnModel = Object.create(model, { manifest: { value: { ...model.manifest, refit: true } } });
  const found = async (of: EarnModel) =>
    (await evaluate(of, jumps, { ...OPTIONS, cuts: false }, silent)).yardsticks['first-order']['hr@10'];
  expect(await found(model)).toBeLessThan(0.5); // where nothing is counted, lists are of what is popular
  expect(await found(refit)).toBe(1);
  const onValidation = evaluate(refit, jumps, { ...OPTIONS, split: 'valid' }, silent);
  await expect(onValidation).rejects.toThrow('fitted to the validation items');
});
