/** What types of events do to lists: what is read, what is hidden, what a list leads to. */
import { expect, test } from 'vitest';
import { buildModel } from '../../scripts/build/build-model.ts';
import type { Checkpoint } from '../../scripts/build/checkpoint.ts';
import { meaningOf } from '../../scripts/data/events.ts';
import { memorySource } from '../../scripts/node-model.ts';
import { itemOf } from '../../worker/engine/token.ts';
import { EventTypes, isTarget } from '../../worker/events/event-types.ts';
import { eventKey } from '../../worker/history/event.ts';
import { loadModel } from '../../worker/models/model.ts';
import { queryFor } from '../../worker/recommend/query.ts';
import { recommend } from '../../worker/recommend/recommend.ts';
import { given } from '../../worker/recommend/states.ts';
import { randomNormal, seededRandom } from '../fixtures/random.ts';
import { TINY, testRuntime, tinyCheckpoint } from '../fixtures/tiny-model.ts';

const MEANING = {
  types: ['buy', 'dislike', 'return', 'view'],
  target: 'buy',
  hide: ['buy'],
  remove: ['return'],
  forbid: ['dislike'],
};
const [BUY, DISLIKE, RETURN, VIEW] = MEANING.types;

/** The tiny checkpoint, trained with types: random vectors. */
function typedCheckpoint(): Checkpoint {
  const checkpoint = tinyCheckpoint();
  const random = seededRandom(9);
  const [rows, columns] = [MEANING.types.length + 1, TINY.width];
  const table = () => ({
    rows,
    columns,
    data: Float32Array.from({ length: rows * columns }, () => randomNormal(random, 1)),
  });
  const tables: Record<string, ReturnType<typeof table>> = {
    'kind.weight': table(),
    'target.weight': table(),
  };
  return { ...checkpoint, events: MEANING, matrix: (name) => tables[name] ?? checkpoint.matrix(name) };
}

const built = buildModel(typedCheckpoint(), 'typed', 'int8');
const load = () => loadModel(memorySource(built.files), testRuntime);
const ids = typedCheckpoint().items.map(({ id }) => id);
const idsOf = ({ items }: { items: { id: string }[] }) => items.map(({ id }) => id);

test('only some types hide; a return takes back, a dislike stays, in one step or in many', async () => {
  const { events } = await load();
  const tokens = [
    [1, BUY],
    [2, VIEW],
    [3, BUY],
    [1, RETURN],
    [4, DISLIKE],
    [4, RETURN],
    [5, undefined],
  ].map(([item, type]) => events!.token(item as number, type as string | undefined));
  const had = events!.had(new Int32Array(), tokens);
  expect([...had]).toEqual([3, 4 + 2 ** 22]);
  let bySteps = new Int32Array();
  for (const token of tokens) bySteps = events!.had(bySteps, [token]) as Int32Array<ArrayBuffer>;
  expect(bySteps).toEqual(had);
  const itemsOf = (history: readonly number[]) => events!.standing(history).map(itemOf);
  expect(itemsOf(tokens)).toEqual([2, 3, 5]);
  expect(itemsOf([...tokens, events!.token(1, BUY)])).toEqual([2, 3, 5, 1]);
  let grown: readonly number[] = [];
  for (const token of tokens) grown = events!.standing([...grown, token]);
  expect(grown).toEqual(events!.standing(tokens));
});

test('the type is part of the state, of the key, and of the list', async () => {
  const model = await load();
  const list = (type?: string, target?: string) =>
    recommend(model, given([{ item: ids[1] }, { item: ids[2], ...(type && { type }) }]), {
      ...queryFor(5),
      ranker: 'latent',
      target,
    });
  const [viewed, bought, untyped] = [await list(VIEW), await list(BUY), await list()];
  expect(viewed.items.map(({ score }) => score)).not.toEqual(bought.items.map(({ score }) => score));
  expect((await list('unheard-of')).items).toEqual(untyped.items);
  expect(idsOf(await list(VIEW, VIEW))).not.toEqual(idsOf(viewed));
  expect((await list(VIEW, BUY)).items).toEqual(viewed.items);
  const returned = given([...[1, 2].map((item) => ({ item: ids[item] })), { item: ids[1], type: RETURN }]);
  const query = { ...queryFor(5), ranker: 'latent' as const, exclude: [ids[1]] };
  expect((await recommend(model, returned, query)).items).toEqual(
    (await recommend(model, given([{ item: ids[2] }]), query)).items,
  );
  expect(eventKey({ item: 'a' })).toBe('a');
  expect(eventKey({ item: 'a', type: VIEW })).not.toBe(eventKey({ item: 'a', type: BUY }));
});

test('a state that grew by typed events is the one from scratch, byte for byte', async () => {
  const model = await load();
  const tokens = Array.from({ length: 20 }, (_, i) =>
    model.events!.token((7 * i) % 50, MEANING.types[i % 4]),
  );
  const whole = await model.prefill(tokens);
  const grown = await model.prefill(tokens.slice(13), await model.prefill(tokens.slice(0, 13)));
  expect(grown).toEqual(whole);
});

test('lists: what was viewed may come again, what was bought not, what is disliked never', async () => {
  const model = await load();
  const after = async (type: string, include_seen?: boolean) =>
    idsOf(await recommend(model, given([{ item: ids[7], type }]), { ...queryFor(TINY.items), include_seen }));
  expect(await after(VIEW)).toContain(ids[7]);
  expect(await after(BUY)).not.toContain(ids[7]);
  expect(await after(BUY, true)).toContain(ids[7]);
  expect(await after(DISLIKE, true)).not.toContain(ids[7]);
});

test('without types a model has no such file, and its states stay valid', () => {
  const { manifest, files } = buildModel(tinyCheckpoint(), 'tiny', 'int8');
  expect(manifest).not.toHaveProperty('events');
  expect([...files.keys()]).not.toContain('event-types.bin');
  expect(manifest.stateId).toBe('a464916091ca27bd');
  expect(built.manifest.stateId).not.toBe(manifest.stateId);
});

test('a table of another size is refused', () => {
  expect(() => new EventTypes(MEANING, new Float32Array(3), TINY)).toThrow(RangeError);
});

test.each([BUY, VIEW])('a beam that leads to a %s adds its vector to all final states', async (target) => {
  const { files } = buildModel(typedCheckpoint(), 'typed', 'float32');
  const model = await loadModel(memorySource(files), testRuntime);
  const { decoder, trie } = model;
  const { matrix, semanticIds } = typedCheckpoint();
  const kind = 1 + MEANING.types.indexOf(target);
  const vector = matrix('target.weight').data.subarray(kind * TINY.width, (kind + 1) * TINY.width);
  /** What the vector adds to the logits, by the layer that makes them. */
  const added = (level: number, code: number) => {
    const row = matrix(`heads.${level}.weight`).data.subarray(code * TINY.width, (code + 1) * TINY.width);
    return row.reduce((sum, weight, c) => sum + weight * vector[c], 0);
  };
  const state = await model.prefill([1, 2, 3]);
  /** The log-probability of an item's codes, one after the other. */
  const scoreOf = async (item: number) => {
    const codes = semanticIds.subarray(item * TINY.levels, (item + 1) * TINY.levels);
    let [score, node, logits, earlier] = [0, 0, state.codeLogits, new Float32Array()];
    for (const [level, code] of codes.entries()) {
      const below = trie!.children[level].subarray(node * TINY.codebook, (node + 1) * TINY.codebook);
      const powers = [...logits].map((logit, c) => (below[c] < 0 ? 0 : Math.exp(logit + added(level, c))));
      score += Math.log(powers[code] / powers.reduce((sum, power) => sum + power, 0));
      node = below[code];
      if (level === TINY.levels - 1) break;
      const ancestors = [Array.from({ length: level }, (_, row) => row)];
      const step = await decoder.decode(state, { codes: Int32Array.of(code), level, ancestors, earlier });
      logits = step.logits;
      earlier = Float32Array.of(...earlier, ...step.keyValues);
    }
    return score;
  };
  const allowed = new Uint8Array(TINY.items).fill(1);
  const found = await model.beamSearch(state, { k: 5, beam: TINY.items, allowed, target });
  for (const { item, score } of found) expect(score).toBeCloseTo(await scoreOf(item), 3);
  if (target === BUY) {
    expect(await model.beamSearch(state, { k: 5, beam: TINY.items, allowed })).toEqual(found);
  }
});

test('flags give the types a meaning; what they name must occur', () => {
  const counts = { view: 9, buy: 3, return: 1 };
  expect(meaningOf({ target: 'buy', negative: ['return'], weight: ['view=0.5'] }, counts)).toEqual({
    ...{ types: ['buy', 'return', 'view'], target: 'buy', hide: ['buy'] },
    ...{ remove: ['return'], forbid: [], weights: { view: 0.5 } },
  });
  expect(meaningOf({}, counts)).toMatchObject({ target: null, hide: null });
  expect(meaningOf({}, {})).toBeUndefined();
  expect(isTarget({ ...MEANING, target: null }, RETURN)).toBe(false);
  for (const [options, message] of [
    [{ target: 'sale' }, '--target: no event is of type sale; there are buy, return, view'],
    [{ weight: ['view'] }, '--weight: expected TYPE=NUMBER'],
    [{ target: 'buy', negative: ['buy'] }, "buy can't be the target"],
  ] as const) {
    expect(() => meaningOf(options as never, counts)).toThrow(message);
  }
  expect(() => meaningOf({ target: 'buy' }, {})).toThrow('the log has no types of events');
});
