/** How strongly new items follow what they are like: fitted when a model is built, read when it serves. */
import { expect, test } from 'vitest';
import { buildModel, withFollowed, withMemory } from '../../scripts/build/build-model.ts';
import { fitFollowed } from '../../scripts/build/likeness.ts';
import { buildMemory } from '../../scripts/build/memory/build-memory.ts';
import { withItems } from '../../scripts/cold/added.ts';
import { datasetWithout } from '../../scripts/cold/hold-out.ts';
import { eventsOf } from '../../scripts/dataset.ts';
import { memorySource } from '../../scripts/node-model.ts';
import { shuffled } from '../../scripts/random.ts';
import { loadModel } from '../../worker/models/model.ts';
import { datasetOf, type History } from '../fixtures/dataset.ts';
import { seededRandom } from '../fixtures/random.ts';
import { Stages } from '../fixtures/stages.ts';
import { testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

const [KINDS, OF_A_KIND] = [30, 12];
const ITEMS = KINDS * OF_A_KIND;
const random = seededRandom(5);

/** Everybody takes ten of the twelve items of a kind. */
const histories: Record<string, History> = {};
for (let user = 0; user < 240; user++) {
  const kind = Array.from({ length: OF_A_KIND }, (_, at) => (user % KINDS) * OF_A_KIND + at);
  const items = shuffled(kind, random).map((item) => `item-${item}`);
  histories[`user-${user}`] = { items: items.slice(0, 10), trained: 8, known: 9 };
}
const dataset = datasetOf(histories);

/** A model whose items have these titles. */
function titled(titleOf: (item: number) => string) {
  const plain = tinyCheckpoint({ items: ITEMS, codebook: 8 });
  const items = plain.items.map((each, item) => ({
    ...each,
    title: titleOf(item),
    categories: [],
    count: 4,
  }));
  const checkpoint = { ...plain, items };
  return { checkpoint, built: buildModel(checkpoint, 'titled', 'int8') };
}

const kindOf = (item: number) => `kind${Math.floor(item / OF_A_KIND)}`;
const telling = titled(kindOf);
const load = ({ files }: { files: Map<string, Uint8Array> }) => loadModel(memorySource(files), testRuntime);

test('new items follow what they are like the more, the more texts say of what comes next', async () => {
  const misleading = titled((item) => kindOf((item * 77) % ITEMS)); // as many alike, none of them related
  const strengths: number[] = [];
  for (const { checkpoint, built } of [telling, misleading]) {
    const memory = await buildMemory(await load(built), dataset);
    const stages = new Stages();
    strengths.push((await fitFollowed(checkpoint, built, dataset, memory, stages.stage('new items')))!);
    expect(stages.done).toEqual([['new items', expect.closeTo(1, 9)]]);
  }
  expect(strengths[0]).toBeGreaterThan(2 * strengths[1]);
});

test('without validation items there is nothing to tell by', async () => {
  const memory = await buildMemory(await load(telling.built), dataset);
  const untold = datasetOf({ one: { items: ['item-0', 'item-1'], trained: 2, known: 2 } });
  expect(await fitFollowed(telling.checkpoint, telling.built, untold, memory)).toBeUndefined();
});

test('the service takes the strength from the manifest; without it nothing follows for being alike', async () => {
  const memory = await buildMemory(await load(telling.built), dataset);
  const plain = withMemory(telling.built, memory);
  const strong = withFollowed(plain, 0.5);
  const { id, stateId, catalogueId } = strong.manifest;
  expect({ stateId, catalogueId }).toEqual({
    stateId: plain.manifest.stateId,
    catalogueId: plain.manifest.catalogueId,
  });
  expect(new Set([id, plain.manifest.id, withFollowed(plain, 0.6).manifest.id]).size).toBe(3);

  const chances: number[] = [];
  for (const model of [plain, strong]) {
    const live = await withItems(await load(model), [{ id: 'new', title: 'kind3' }]);
    const { items, values } = live.memory!.scores([3 * OF_A_KIND]);
    chances.push(values[items.indexOf(ITEMS)] ?? 0);
  }
  // Eleven trained ones are like it, and the new one.
  expect(chances).toEqual([0, expect.closeTo(0.5 / 12, 6)]);
});

test('a log without some items keeps every other event in its split', () => {
  const left = datasetWithout(
    datasetOf({
      one: { items: ['a', 'b', 'a', 'c', 'b'], trained: 3, known: 4 },
      two: { items: ['b', 'b'], trained: 2, known: 2 },
      three: { items: ['c', 'b', 'd'], trained: 1, known: 2 },
    }),
    new Set(['b']),
  );
  expect([...left.users.keys()].map((user) => eventsOf(left, user).map(({ item }) => item))).toEqual([
    ['a', 'a', 'c'],
    [],
    ['c', 'd'],
  ]);
  expect([...left.trained]).toEqual([2, 0, 1]);
  expect([...left.known]).toEqual([3, 0, 1]);
  expect([...left.time]).toEqual([0, 2, 3, 0, 2]);
});
