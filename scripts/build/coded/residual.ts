/**
 * Residual quantisation of item vectors: the first stage's code vectors are the centres of the vectors, each
 * further stage's those of what the stages before leave over. A vector's codes are found by a beam search, as
 * the best code of one stage may leave over what the next can't say (Babenko and Lempitsky, CVPR 2014). Code
 * vectors are found on a sample, so time and memory beside the vectors grow slowly with the catalogue.
 */
import { CODES, CodedTable, lengthByte } from '../../../worker/engine/coded-table.ts';
import type { Runtime } from '../../../worker/engine/runtime.ts';
import { lengthOf } from '../../../worker/engine/vectors.ts';
import { SILENT } from '../../progress.ts';
import { seededRandom, shuffled } from '../../random.ts';
import type { Matrix } from '../checkpoint.ts';
import { BestCodes } from './best-codes.ts';
import type { Metric } from './metric.ts';

/**
 * Stages unless another number is asked for. With fewer, MovieLens-1M loses accuracy beyond chance; with
 * more, a million items leave little room (docs/scale.md).
 */
export const CODES_PER_ITEM = 24;
/** Vectors that code vectors are found on, and residuals of theirs per stage, at most. */
const SAMPLE = 32_768;
/** Rounds of k-means. */
const ROUNDS = 10;
/** Ways to encode a vector that are followed from stage to stage. */
const BEAM = 5;
/** Vectors that are encoded at once. */
const BLOCK = 2048;

export interface CodedItems {
  stages: number;
  /** Which item of the catalogue stands at each place: items stand in the order of their codes. */
  order: Uint32Array;
  /** As `CodedTable` reads them. */
  file: Uint8Array<ArrayBuffer>;
  /** float32 [stages x CODES x width]. */
  vectors: Float32Array<ArrayBuffer>;
}

/** By the metric, if any, else by distance. The same vectors always give the same codes. */
export async function coded(
  vectors: Matrix,
  stages: number,
  runtime: Runtime,
  metric?: Metric,
  begin = SILENT,
): Promise<CodedItems> {
  const { rows: items, columns: width } = vectors;
  const { data } = metric ? metric.apply(vectors) : vectors;
  const best = await BestCodes.create(runtime, width);
  const step = begin(2 * stages);
  try {
    const codeVectors = new Float32Array(stages * CODES * width);
    const random = seededRandom(1);
    let sample = Beams.of(sampleOf(data, width, random), width);
    for (let stage = 0; stage < stages; stage++) {
      const centres = await centresOf(sampleOf(sample.residuals, width, random), width, best, random);
      codeVectors.set(centres, stage * CODES * width);
      sample = await sample.next(centres, BEAM, best);
      step();
    }
    const codes = new Uint8Array(items * stages);
    for (let from = 0; from < items; from += BLOCK) {
      let beams = Beams.of(data.subarray(from * width, (from + BLOCK) * width), width);
      for (let stage = 0; stage < stages; stage++) {
        const centres = codeVectors.subarray(stage * CODES * width, (stage + 1) * CODES * width);
        beams = await beams.next(centres, stage === stages - 1 ? 1 : BEAM, best);
      }
      codes.set(beams.codes, from * stages);
      step((stages * Math.min(BLOCK, items - from)) / items);
    }
    metric?.undo(codeVectors);
    return withLengths({ stages, vectors: codeVectors, ...ordered(codes, stages) }, width);
  } finally {
    await best.release();
  }
}

/** Puts the lengths of what the codes stand for behind them. */
export function withLengths(items: CodedItems, width: number): CodedItems {
  const { file, order, stages, vectors } = items;
  const table = new CodedTable(file, vectors, { items: order.length, width, stages });
  for (let item = 0; item < order.length; item++) {
    file[order.length * stages + item] = lengthByte(lengthOf(table.rows([item])));
  }
  return items;
}

/** The best ways so far to encode some vectors. */
class Beams {
  /** What each way leaves over, [rows x each x width]. */
  readonly residuals: Float32Array;
  /** [rows x each x stages so far]. */
  readonly codes: Uint8Array;
  private readonly rows: number;
  private readonly each: number;

  private constructor(residuals: Float32Array, codes: Uint8Array, rows: number, each: number) {
    this.residuals = residuals;
    this.codes = codes;
    this.rows = rows;
    this.each = each;
  }

  static of(vectors: Float32Array, width: number): Beams {
    return new Beams(vectors, new Uint8Array(), vectors.length / width, 1);
  }

  /** With one more stage. */
  async next(centres: Float32Array, most: number, best: BestCodes): Promise<Beams> {
    const { rows, each } = this;
    const width = centres.length / CODES;
    const stages = this.codes.length / (rows * each);
    const residuals = new Float32Array(rows * most * width);
    const codes = new Uint8Array(rows * most * (stages + 1));
    const block = BLOCK * each * width;
    for (let from = 0; from < this.residuals.length; from += block) {
      const places = await best.of(this.residuals.subarray(from, from + block), each, centres, most);
      const firstRow = from / width / each;
      for (const [at, place] of places.entries()) {
        const way = (firstRow + Math.floor(at / most)) * each + Math.floor(place / CODES);
        const code = place % CODES;
        const to = firstRow * most + at;
        codes.set(this.codes.subarray(way * stages, (way + 1) * stages), to * (stages + 1));
        codes[to * (stages + 1) + stages] = code;
        for (let c = 0; c < width; c++) {
          residuals[to * width + c] = this.residuals[way * width + c] - centres[code * width + c];
        }
      }
    }
    return new Beams(residuals, codes, rows, most);
  }
}

/** The vectors that the codes of these items stand for. */
export function decoded({ file, stages, vectors }: CodedItems, items: readonly number[]): Matrix {
  const width = vectors.length / stages / CODES;
  const table = new CodedTable(file, vectors, { items: file.length / (stages + 1), width, stages });
  return { rows: items.length, columns: width, data: table.rows(items) };
}

/**
 * Items in the order of their codes, without lengths. So those that often stand in one list are often in one
 * file.
 */
export function ordered(codes: Uint8Array, stages: number): Pick<CodedItems, 'order' | 'file'> {
  const items = codes.length / stages;
  const order = Uint32Array.from({ length: items }, (_, item) => item);
  order.sort((a, b) => {
    for (let stage = 0; stage < stages; stage++) {
      const difference = codes[a * stages + stage] - codes[b * stages + stage];
      if (difference !== 0) return difference;
    }
    return a - b;
  });
  const file = new Uint8Array(items * (stages + 1));
  for (const [place, item] of order.entries()) {
    file.set(codes.subarray(item * stages, (item + 1) * stages), place * stages);
  }
  return { order, file };
}

/** At most `SAMPLE` of the rows, in their order. */
function sampleOf(rows: Float32Array, width: number, random: () => number): Float32Array {
  const count = rows.length / width;
  if (count <= SAMPLE) return rows;
  const sample = new Float32Array(SAMPLE * width);
  for (let at = 0; at < SAMPLE; at++) {
    const row = Math.floor(((at + random()) * count) / SAMPLE);
    sample.set(rows.subarray(row * width, (row + 1) * width), at * width);
  }
  return sample;
}

/** Centres of the rows by k-means; one without rows is put on a row at random. */
async function centresOf(rows: Float32Array, width: number, best: BestCodes, random: () => number) {
  const count = rows.length / width;
  const centres = new Float32Array(CODES * width);
  const first = shuffled([...Array(count).keys()], random);
  for (let code = 0; code < CODES; code++) {
    const row = first[code % count];
    centres.set(rows.subarray(row * width, (row + 1) * width), code * width);
  }
  for (let round = 0; round < ROUNDS; round++) {
    const codes = await best.of(rows, 1, centres, 1);
    const sums = new Float64Array(CODES * width);
    const counts = new Uint32Array(CODES);
    for (let row = 0; row < count; row++) {
      counts[codes[row]]++;
      for (let c = 0; c < width; c++) sums[codes[row] * width + c] += rows[row * width + c];
    }
    for (let code = 0; code < CODES; code++) {
      const at = code * width;
      if (counts[code] === 0) {
        const row = Math.floor(random() * count);
        centres.set(rows.subarray(row * width, (row + 1) * width), at);
      } else for (let c = 0; c < width; c++) centres[at + c] = sums[at + c] / counts[code];
    }
  }
  return centres;
}
