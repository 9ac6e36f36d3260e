import { expect, test } from 'vitest';
import { ordered, withLengths } from '../../scripts/build/coded/residual.ts';
import { randomNormal, seededRandom } from '../../scripts/random.ts';
import { codedSearch } from '../../worker/engine/coded-search.ts';
import { CODES, CodedTable } from '../../worker/engine/coded-table.ts';
import { bestItems, logSoftmax } from '../../worker/engine/ranking.ts';
import { dot, lengthOf } from '../../worker/engine/vectors.ts';

const SHAPE = { items: 3000, width: 16, stages: 4 };
const random = seededRandom(1);
const numbers = (length: number, size: number) =>
  Float32Array.from({ length }, () => randomNormal(random, size));
const vectors = Float32Array.from({ length: SHAPE.stages * CODES * SHAPE.width }, (_, at) =>
  randomNormal(random, 0.5 ** Math.floor(at / (CODES * SHAPE.width))),
);
const codes = Uint8Array.from({ length: SHAPE.items * SHAPE.stages }, () => Math.floor(random() * CODES));
const { file } = withLengths({ stages: SHAPE.stages, vectors, ...ordered(codes, SHAPE.stages) }, SHAPE.width);
const table = new CodedTable(file, vectors, SHAPE);
const rows = Array.from({ length: SHAPE.items }, (_, item) => table.rows([item]));
const vector = numbers(SHAPE.width, 1);

/** Log P of all items, one product at a time. */
function reference(added: Float32Array[], factors: Map<number, number>): Float64Array {
  const logits = [...rows, ...added].map((row) => dot(row, vector));
  const decoder = logSoftmax(Float32Array.from(logits));
  const z = [...factors].reduce(
    (sum, [item, factor]) => sum + Math.exp(decoder[item]) * Math.expm1(factor),
    1,
  );
  return Float64Array.from(decoder, (log, item) => log + (factors.get(item) ?? 0) - Math.log(z));
}

test('an item is the sum of its code vectors', () => {
  const item = 1234;
  const sum = new Float32Array(SHAPE.width);
  for (let stage = 0; stage < SHAPE.stages; stage++) {
    const from = (stage * CODES + table.codes[item * SHAPE.stages + stage]) * SHAPE.width;
    for (let c = 0; c < SHAPE.width; c++) sum[c] += vectors[from + c];
  }
  expect(table.rows([7, item]).slice(SHAPE.width)).toEqual(sum);
});

test('products by look-ups are those with the vectors', () => {
  const logits = table.logits(vector);
  const cosines = table.cosines(vector);
  for (const [item, row] of rows.entries()) {
    expect(logits[item]).toBeCloseTo(dot(row, vector), 3);
    expect(cosines[item]).toBeCloseTo(dot(row, vector) / lengthOf(row) / lengthOf(vector), 4);
  }
});

test('items in the order of another code are refused', () => {
  expect(
    () =>
      new CodedTable(Uint8Array.of(1, 0, 9, 9), vectors.slice(0, CODES * 16), {
        ...SHAPE,
        items: 2,
        stages: 1,
      }),
  ).toThrow(RangeError);
});

test('the nearest items have the largest cosines', () => {
  const allowed = new Uint8Array(SHAPE.items).map((_, item) => Number(item % 3 > 0));
  const item = 500;
  const expected = bestItems(table.cosines(rows[item]), allowed.with(item, 0), 5);
  const found = table.nearest(item, allowed, 5);
  expect(found.map(({ item }) => item)).toEqual(expected.map(({ item }) => item));
  for (const [at, { score }] of found.entries()) expect(score).toBeCloseTo(expected[at].score, 4);
});

const added = [numbers(SHAPE.width, 2), vector.slice()];
const likely = bestItems(table.logits(vector), new Uint8Array(SHAPE.items).fill(1), 40).map(
  ({ item }) => item,
);
const factors = new Map([
  [17, 9],
  [SHAPE.items + 1, 0.5],
  [likely[0], -2],
  [likely[2], 1],
]);
const boosts = Float32Array.from({ length: SHAPE.items + 2 }, (_, item) => (item % 500 === 0 ? 12 : 0));

test.each([
  ['nothing else', {}],
  ['new items', { added }],
  ['the memory', { added, factors }],
  ['rules', { added, factors, boosts }],
])('looking at every item lists what a sort of all probabilities does: %s', (_, more) => {
  const allowed = new Uint8Array(SHAPE.items + 2).fill(1);
  for (const item of likely.slice(0, 20)) if (item % 2 === 0) allowed[item] = 0;
  const given: { added?: Float32Array[]; factors?: Map<number, number>; boosts?: Float32Array } = more;
  const all = reference(given.added ?? [], given.factors ?? new Map());
  const scores = given.boosts ? all.map((score, item) => score + boosts[item]) : all;
  const expected = bestItems(scores, allowed, 12);
  const found = codedSearch(table, { vector, k: 12, allowed, share: 1, ...given });
  expect(found.map(({ item }) => item)).toEqual(expected.map(({ item }) => item));
  for (const [at, { score }] of found.entries()) expect(score).toBeCloseTo(expected[at].score, 1);
});

test('a search that looks at a share finds most of the best, and their log-probabilities', () => {
  const allowed = new Uint8Array(SHAPE.items).fill(1);
  let [common, wrong] = [0, 0];
  for (let query = 0; query < 50; query++) {
    const vector = numbers(SHAPE.width, 1);
    const whole = codedSearch(table, { vector, k: 10, allowed, share: 1 });
    const part = codedSearch(table, { vector, k: 10, allowed, share: 1 / 4, least: 0 });
    const scores = new Map(whole.map(({ item, score }) => [item, score]));
    const shared = part.filter(({ item }) => scores.has(item));
    common += shared.length;
    wrong = Math.max(wrong, ...shared.map(({ item, score }) => Math.abs(score - scores.get(item)!)));
  }
  expect(common / 500).toBeGreaterThan(0.9);
  expect(wrong).toBeLessThan(0.2);
});

test('a list is as long as it was asked for while there are such items', () => {
  const allowed = new Uint8Array(SHAPE.items);
  const few = likely
    .slice(20, 24)
    .concat(bestItems(table.logits(vector.map((x) => -x)), new Uint8Array(SHAPE.items).fill(1), 1)[0].item);
  for (const item of few) allowed[item] = 1;
  const found = codedSearch(table, { vector, k: 5, allowed, share: 0.01, least: 0 });
  expect(new Set(found.map(({ item }) => item))).toEqual(new Set(few));
});
