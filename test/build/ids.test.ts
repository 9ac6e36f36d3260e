/**
 * Three ids say what a change of a model invalidates: users' states, what is known of the items, or either.
 */
import { expect, test } from 'vitest';
import { type BuiltModel, buildModel } from '../../scripts/build/build-model.ts';
import type { Checkpoint, Matrix } from '../../scripts/build/checkpoint.ts';
import { memorySource } from '../../scripts/node-model.ts';
import { loadModel } from '../../worker/models/model.ts';
import { randomInts, seededRandom } from '../fixtures/random.ts';
import { TINY, testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

const build = (checkpoint: Checkpoint) => buildModel(checkpoint, 'tiny', 'int8');
const before = build(tinyCheckpoint());

/** The checkpoint with one tensor replaced. */
function withMatrix(checkpoint: Checkpoint, name: string, change: (matrix: Matrix) => Matrix): Checkpoint {
  const { matrix } = checkpoint;
  return { ...checkpoint, matrix: (wanted) => (wanted === name ? change(matrix(name)) : matrix(wanted)) };
}

/** Another number in the middle of a tensor. */
function nudged({ data, ...shape }: Matrix): Matrix {
  const changed = data.slice();
  changed[changed.length >> 1] += 0.5;
  return { ...shape, data: changed };
}

/**
 * One more item, which the training has not seen: a row of the table, and a semantic ID that is still free.
 */
function appended(): Checkpoint {
  const checkpoint = tinyCheckpoint();
  const { items, config, semanticIds } = checkpoint;
  const grown = {
    ...checkpoint,
    config: { ...config, items: items.length + 1 },
    items: [...items, { id: 'new', title: 'New', categories: [], count: 0 }],
    semanticIds: Int32Array.of(
      ...semanticIds,
      ...tinyCheckpoint({ items: items.length + 1 }).semanticIds.slice(-TINY.levels),
    ),
  };
  return withMatrix(grown, 'item.weight', ({ rows, columns, data }) => {
    return { rows: rows + 1, columns, data: Float32Array.of(...data, ...new Array(columns).fill(0.1)) };
  });
}

/** Which ids a change leaves as they were. */
function kept({ manifest }: BuiltModel): string[] {
  return (['id', 'stateId', 'catalogueId'] as const).filter(
    (name) => manifest[name] === before.manifest[name],
  );
}

test('the same checkpoint has the same ids', () => {
  expect(kept(build(tinyCheckpoint()))).toEqual(['id', 'stateId', 'catalogueId']);
});

test('what a page says of the items is part of no id', () => {
  const page = { heading: 'What to hear next', examples: [{ name: 'Any', items: ['1'] }] };
  const named = buildModel(tinyCheckpoint(), 'tiny', 'int8', { noun: 'song', page });
  expect(named.manifest).toMatchObject({ noun: 'song', page });
  expect(kept(named)).toEqual(['id', 'stateId', 'catalogueId']);
});

test('a corrected title, category or count leaves states valid', () => {
  for (const change of [{ title: 'Another title' }, { categories: ['Another'] }, { count: 99 }]) {
    const checkpoint = tinyCheckpoint();
    Object.assign(checkpoint.items[3], change);
    expect(kept(build(checkpoint))).toEqual(['stateId']);
  }
});

test('an appended item leaves states valid: the grown model gives the same ones, byte for byte', async () => {
  const after = build(appended());
  expect(kept(after)).toEqual(['stateId']);
  const [old, grown] = await Promise.all(
    [before, after].map(({ files }) => loadModel(memorySource(files), testRuntime)),
  );
  const random = seededRandom(4);
  for (const length of [0, 1, 7, 40]) {
    const history = randomInts(random, length, TINY.items);
    expect(await grown.prefill(history)).toEqual(await old.prefill(history));
  }
  const state = await grown.prefill([TINY.items, 3]);
  expect(await grown.itemLogProbs(state)).toHaveLength(TINY.items + 1);
  const allowed = new Uint8Array(TINY.items + 1);
  allowed[TINY.items] = 1;
  expect(await grown.beamSearch(state, { k: 1, beam: 1, allowed })).toMatchObject([{ item: TINY.items }]);
});

test.each([
  'layers.0.qkv.weight',
  'layers.3.down.weight',
  'registers',
  'norm.weight',
  'item.weight',
  'code.weight',
])('another number in %s makes other states', (name) => {
  expect(kept(build(withMatrix(tinyCheckpoint(), name, nudged)))).toEqual(['catalogueId']);
});

test('so do other shapes, another precision, and the same rows under other ids', () => {
  expect(kept(build(tinyCheckpoint({ contextWindow: TINY.contextWindow / 2 })))).toEqual(['catalogueId']);
  expect(kept(buildModel(tinyCheckpoint(), 'tiny', 'float32'))).toEqual(['catalogueId']);
  const swapped = tinyCheckpoint();
  [swapped.items[0].id, swapped.items[1].id] = [swapped.items[1].id, swapped.items[0].id];
  expect(kept(build(swapped))).toEqual([]);
});
