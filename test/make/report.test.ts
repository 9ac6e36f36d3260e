/** The page that `make` ends with: every number from the evaluation, every title as text. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDataset } from '../../scripts/dataset.ts';
import { evaluate } from '../../scripts/evaluate/run.ts';
import { verdictOn } from '../../scripts/evaluate/verdict.ts';
import { newestCases, told } from '../../scripts/make/newest.ts';
import { factsOf } from '../../scripts/make/report/facts.ts';
import { htmlReport } from '../../scripts/make/report/html.ts';
import { textReport } from '../../scripts/make/report/text.ts';
import { warmPlan } from '../../scripts/make/training.ts';
import { SILENT } from '../../scripts/progress.ts';
import { folder } from '../data/helpers.ts';
import { datasetOf } from '../fixtures/dataset.ts';
import { loadTiny } from '../fixtures/tiny-model.ts';

const QUIET = { say() {}, stage: () => SILENT };

/** Forty users who walk through the tiny model's items, three hours apart. */
async function walks() {
  const model = await loadTiny('int8');
  const ids = model.catalogue.items!.map(({ id }) => id);
  const rows = Array.from({ length: 40 }, (_, user) =>
    Array.from(
      { length: 4 + user },
      (_, step) => `u${user},${ids[(user + step) % ids.length]},${1000 * user + step},view`,
    ),
  );
  const meaning = { types: ['view'], target: 'view', hide: null, remove: [], forbid: [], weights: {} };
  const path = folder({
    'interactions.csv': ['user_id,item_id,timestamp,type', ...rows.flat(), ''].join('\n'),
    'events.json': JSON.stringify(meaning),
  });
  return { model, dataset: await readDataset(path) };
}

async function factsOfWalks() {
  const { model, dataset } = await walks();
  model.catalogue.items![0].title = '<b>Tea</b>';
  const options = { split: 'test' as const, rankers: ['latent' as const], beam: 10, cuts: false };
  const evaluation = await evaluate(model, dataset, options, QUIET);
  const { ranks, yardsticks } = evaluation;
  const of = new Map(Object.keys(yardsticks).map((name) => [name, ranks.get(name)!]));
  const run = join(folder({}), 'run');
  mkdirSync(run);
  writeFileSync(join(run, 'config.json'), JSON.stringify({ curve: [{ epoch: 1, 'ndcg@10': 0.5 }] }));
  const chosen = { plan: { name: 'two layers', flags: [] }, folder: run, ndcg: 0.5 };
  const shape = { users: 40, items: 50, interactions: 940, usable_users: 40, shared_items: 50, tied_rows: 0 };
  return factsOf({
    ...{ name: 'shop', shape, warnings: ['few'], trained: [chosen], chosen, model, dataset, evaluation },
    ...{ types: { view: 940 }, times: [0, 86_400.5] },
    ...{ verdict: verdictOn(ranks.get('latent')!, of), ranker: 'latent', out: 'my-model' },
  });
}

test('groups hold every case once, and their means are those of all cases', async () => {
  const facts = await factsOfWalks();
  const { ndcg } = facts.quality.find(({ name }) => name === 'latent')!;
  for (const groups of [facts.byHistory, facts.byItem]) {
    expect(groups.reduce((sum, { cases }) => sum + cases, 0)).toBe(40);
    const mean = groups.reduce((sum, { cases, model }) => sum + cases * model, 0) / 40;
    expect(mean).toBeCloseTo(ndcg, 3);
  }
  expect(facts.lengths.reduce((sum, { users }) => sum + users, 0)).toBe(40);
  expect(facts.byHistory.map(({ name }) => name)).toEqual([
    'up to 5 events',
    '6 to 20 events',
    '21 to 100 events',
  ]);
  expect(facts.samples).toHaveLength(10);
  for (const { history } of facts.samples) expect(history.at(-1)).toMatch(/ \(view\)$/);
});

test('as text and as a page it has the same findings; titles are text, not markup', async () => {
  const facts = await factsOfWalks();
  const [text, html] = [textReport(facts), await htmlReport(facts)];
  for (const finding of [
    'users with three events or more',
    'events of type view',
    '1970-01-02T00:00:00Z',
    'what users with similar histories took',
    facts.byHistory[0].name,
    facts.verdict.over,
    'two layers',
    'npm run deploy -- --model my-model',
  ]) {
    expect(text).toContain(finding);
    expect(html).toContain(finding);
  }
  expect(html.match(/<svg/g)).toHaveLength(3);
  const tea = { ...facts.samples[0], next: '<b>Tea</b>' };
  const page = await htmlReport({ ...facts, samples: [tea] });
  expect(page).not.toContain('<b>Tea</b></b>');
  expect(page).toContain('&#60;b&#62;Tea');
});

test('the newest events are those after the last run, when there are enough', async () => {
  const { dataset } = await walks();
  expect(newestCases(dataset, 0)).toMatchObject({ newest: false, cases: { length: 40 } });
  const users = Array.from({ length: 200 }, (_, i) => {
    return [`u${i}`, { items: ['a', 'b', 'c'], times: [1, 2, i], trained: 1, known: 2 }];
  });
  const many = datasetOf(Object.fromEntries(users));
  const { cases, newest } = newestCases(many, 49);
  expect(newest).toBe(true);
  expect(cases).toHaveLength(150);
  expect(told({ cases: 150, newest: true, 'ndcg@10': [0.01, 0.002, 0.02] })).toBe(
    'On 150 events since the last run the new model is better: NDCG@10 +0.0100 [+0.0020, +0.0200] over the old one.',
  );
});

test('a warm start keeps the shape of its checkpoint, unless the catalogue has outgrown it', () => {
  const model = {
    depth: 2,
    register_depth: 1,
    width: 64,
    window: 64,
    local_window: 4,
    sliding_window: 32,
    code_layers: 1,
    levels: 2,
    codebook: 8,
  };
  const training = { epochs: 20, lr: 0.001, temperature: 0.05, batch: 64, negatives: null };
  const run = folder({ 'config.json': JSON.stringify({ model, training }) });
  const flags = warmPlan(run, 64)!.flags.join(' ');
  expect(flags).toContain(`--depth 2 --register-depth 1 --width 64 --window 64`);
  expect(flags).toContain('--local-window 4 --sliding-window 32 --code-layers 1 ');
  expect(flags).not.toContain('--negatives');
  expect(flags).toContain(`--temperature 0.05 --epochs 10 --patience 4 --lr 0.0005 --init ${run}`);
  expect(warmPlan(run, 65)).toBeUndefined();
  const meaning = { types: ['buy', 'view'], target: 'buy', hide: null, remove: [], forbid: [] };
  expect(warmPlan(run, 64, meaning)).toBeUndefined();
  expect(warmPlan(folder({}), 10)).toBeUndefined();
});
