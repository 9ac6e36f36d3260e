/**
 * A vector per word, fitted to the trained items' vectors by ridge regression: where an item with such words
 * would have been learned. (A linear map from contents to collaborative vectors: Barkan et al., CB2CF, RecSys
 * 2019, and LinMap of Gantner et al., ICDM 2010.)
 */
import type { CatalogueItem } from '../../worker/catalogue/item.ts';
import { textOf, wordsOf } from '../../worker/text/text.ts';
import type { Vocabulary } from '../../worker/text/word-vectors.ts';
import { SILENT, type Stage, type Step } from '../progress.ts';
import type { Matrix } from './checkpoint.ts';

/** A word of one item tells nothing about others. */
const LEAST_ITEMS = 2;
/** An item seen this often counts half. */
const SHRINK = 5;
const RIDGE = 1;
const MOST_STEPS = 60;
/** Of the residual, beside the first one: vectors are rounded to int8 later. */
const TOLERANCE = 1e-4;
/**
 * Of the mean length of trained vectors. With it, items that were held out get about the share of the lists
 * that their trained vectors get (docs/log.md).
 */
const SHARE_OF_LENGTH = 0.95;

export interface FittedWords {
  vocabulary: Vocabulary;
  /** One row per word, then the one that all items have. */
  vectors: Matrix;
  /** Of the vectors that new items get. */
  length: number;
}

/** An item as a row of the regression: its words and their weights, of length 1, and the constant. */
interface Row {
  columns: Int32Array;
  values: Float64Array;
}

/** Words take memory in every isolate, and items time: of a large catalogue, only these are looked at. */
const MOST_WORDS = 10_000;
const MOST_ITEMS = 50_000;

/** The fit of a large catalogue: the commonest words of the items that were taken most. */
export function fitCommonWords(
  items: readonly CatalogueItem[],
  vectorsOf: (items: readonly number[]) => Matrix,
  stage = SILENT,
): FittedWords {
  const kept = [...items.keys()]
    .sort((a, b) => items[b].count - items[a].count || a - b)
    .slice(0, MOST_ITEMS);
  return fitWords(
    kept.map((item) => items[item]),
    vectorsOf(kept),
    { most: MOST_WORDS, stage },
  );
}

export function fitWords(
  items: readonly CatalogueItem[],
  vectors: Matrix,
  { most = Infinity, stage = SILENT }: { most?: number; stage?: Stage } = {},
): FittedWords {
  const texts = items.map(({ title, categories }) => wordsOf(textOf(title, categories)));
  const vocabulary = vocabularyOf(texts, most);
  const rows = rowsOf(texts, vocabulary);
  const trust = Float64Array.from(items, ({ count }) => count / (count + SHRINK));
  const fitted = ridge(rows, trust, vectors, vocabulary.length + 1, stage(MOST_STEPS));
  const lengths = items.map((_, item) => Math.hypot(...rowOf(vectors, item)));
  const mean = lengths.reduce((sum, length) => sum + length, 0) / items.length;
  return { vocabulary, vectors: fitted, length: SHARE_OF_LENGTH * mean };
}

function vocabularyOf(texts: readonly Set<string>[], most: number): Vocabulary {
  const counts = new Map<string, number>();
  for (const words of texts) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const known = [...counts].filter(([, count]) => count >= LEAST_ITEMS);
  if (known.length > most) known.sort(([, a], [, b]) => b - a).splice(most);
  return known.map(([word, count]) => [word, Number(Math.log(texts.length / count).toFixed(4))] as const);
}

function rowsOf(texts: readonly Set<string>[], vocabulary: Vocabulary): Row[] {
  const places = new Map(vocabulary.map(([word, rarity], column) => [word, { column, rarity }]));
  return texts.map((words) => {
    const known = [...words].flatMap((word) => places.get(word) ?? []);
    const norm = Math.hypot(...known.map(({ rarity }) => rarity)) || 1;
    return {
      columns: Int32Array.from([...known.map(({ column }) => column), vocabulary.length]),
      values: Float64Array.from([...known.map(({ rarity }) => rarity / norm), 1]),
    };
  });
}

/** (X' T X + RIDGE) W = X' T V by conjugate gradients, for all columns of V at once. */
function ridge(
  rows: readonly Row[],
  trust: Float64Array,
  { columns: width, data: vectors }: Matrix,
  words: number,
  done: Step,
): Matrix {
  const data = Float64Array.from(vectors); // as all other arrays of the loops: V8 is slow where kinds differ
  const residual = new Float64Array(words * width);
  for (const [item, row] of rows.entries()) scatter(row, trust[item], data, item * width, residual, width);
  const solution = new Float64Array(words * width);
  const direction = residual.slice();
  let size = squares(residual, width);
  const enough = TOLERANCE ** 2 * sumOf(size);
  let steps = 0;
  for (; steps < MOST_STEPS && sumOf(size) > enough; steps++) {
    const product = direction.map((value) => RIDGE * value);
    const gathered = new Float64Array(width);
    for (const [item, row] of rows.entries()) {
      gather(row, direction, gathered, width);
      scatter(row, trust[item], gathered, 0, product, width);
    }
    const along = new Float64Array(width);
    for (let i = 0; i < product.length; i++) along[i % width] += direction[i] * product[i];
    const step = size.map((value, c) => value / (along[c] || 1));
    for (let i = 0; i < product.length; i++) {
      solution[i] += step[i % width] * direction[i];
      residual[i] -= step[i % width] * product[i];
    }
    const next = squares(residual, width);
    const turn = next.map((value, c) => value / (size[c] || 1));
    for (let i = 0; i < product.length; i++) direction[i] = residual[i] + turn[i % width] * direction[i];
    size = next;
    done();
  }
  done(MOST_STEPS - steps);
  return { rows: words, columns: width, data: Float32Array.from(solution) };
}

/** The sum of a row's words in `from`. */
function gather({ columns, values }: Row, from: Float64Array, into: Float64Array, width: number): void {
  into.fill(0);
  for (let i = 0; i < columns.length; i++) {
    const at = columns[i] * width;
    for (let c = 0; c < width; c++) into[c] += values[i] * from[at + c];
  }
}

/** Adds a vector to each of a row's words. */
function scatter(
  { columns, values }: Row,
  weight: number,
  from: Float64Array,
  start: number,
  into: Float64Array,
  width: number,
): void {
  for (let i = 0; i < columns.length; i++) {
    const at = columns[i] * width;
    const share = weight * values[i];
    for (let c = 0; c < width; c++) into[at + c] += share * from[start + c];
  }
}

/** Of each column. */
function squares(values: Float64Array, width: number): Float64Array {
  const sums = new Float64Array(width);
  for (let i = 0; i < values.length; i++) sums[i % width] += values[i] ** 2;
  return sums;
}

const sumOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);

const rowOf = ({ columns, data }: Matrix, row: number) => data.subarray(row * columns, (row + 1) * columns);
