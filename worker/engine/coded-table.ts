/**
 * An item table for large catalogues: an item's vector is a sum of code vectors, one of 256 per stage
 * (residual quantisation: Chen, Guan and Wang, Sensors 2010). An item takes a byte per stage, so a million of
 * them take 16 MB and not 128.
 *
 * A vector's product with every code vector is a small table, and its product with an item a sum of look-ups
 * in it. The items stand in the order of their first codes: those of one first code are a *cell*.
 */
import { Best } from './best.ts';
import type { ItemTable } from './item-table.ts';
import { type ItemMask, type Ranked, ranked } from './ranking.ts';
import { dot, lengthOf } from './vectors.ts';

/** Code vectors per stage: what a byte can name. */
export const CODES = 256;

export interface CodedShape {
  items: number;
  width: number;
  /** Codes per item. */
  stages: number;
}

/** Items whose exact cosines are looked at, per item of a list. */
const REFINED = 4;

/** Steps per doubling of a length. */
const LENGTH_STEPS = 24;
/** What each byte of `lengths` stands for: up to 1.5 % beside the length itself. */
const LENGTHS = Float64Array.from({ length: 256 }, (_, byte) => 2 ** ((byte - 128) / LENGTH_STEPS));

/** The nearest byte. */
export function lengthByte(length: number): number {
  return Math.min(255, Math.max(0, Math.round(128 + LENGTH_STEPS * Math.log2(length))));
}

export class CodedTable implements ItemTable {
  readonly width: number;
  readonly items: number;
  readonly stages: number;
  /** [items x stages]. */
  readonly codes: Uint8Array;
  /** The items of cell c are `cells[c]` to `cells[c + 1]`. */
  readonly cells: Uint32Array;
  /** [stages x CODES x width]. */
  private readonly vectors: Float32Array;
  /** About each item's length: `lengthByte`. */
  private readonly lengths: Uint8Array;

  /**
   * `file`: codes, uint8 [items x stages], then lengths, uint8 [items]. `vectors`: float32 [stages x CODES x
   * width]. Neither is copied. @throws {RangeError} when one is of another size, or the items are not in the
   * order of their first codes
   */
  constructor(file: Uint8Array, vectors: Float32Array, { items, width, stages }: CodedShape) {
    const bytes = items * (stages + 1);
    if (file.length !== bytes) throw new RangeError(`codes have ${file.length} bytes, not ${bytes}`);
    if (vectors.length !== stages * CODES * width) throw new RangeError('another number of code vectors');
    const codes = file.subarray(0, items * stages);
    this.codes = codes;
    this.lengths = file.subarray(items * stages);
    this.vectors = vectors;
    this.items = items;
    this.width = width;
    this.stages = stages;
    this.cells = cellsOf(codes, items, stages);
  }

  rows(items: readonly number[]): Float32Array {
    const rows = new Float32Array(items.length * this.width);
    for (const [at, item] of items.entries()) this.addRow(item, rows, at * this.width);
    return rows;
  }

  /** The product of a vector with every code vector, [stages x CODES]. */
  products(vector: Float32Array): Float32Array {
    const { vectors, width } = this;
    const products = new Float32Array(vectors.length / width);
    for (let code = 0, at = 0; code < products.length; code++) {
      let sum = 0;
      for (let c = 0; c < width; c++) sum += vectors[at++] * vector[c];
      products[code] = sum;
    }
    return products;
  }

  /** The product of a vector with an item's, from `products` of that vector. */
  product(products: Float32Array, item: number): number {
    const { codes, stages } = this;
    let sum = 0;
    for (let stage = 0, at = item * stages; stage < stages; stage++) {
      sum += products[stage * CODES + codes[at + stage]];
    }
    return sum;
  }

  /** The product of a vector with every item's, [items]. */
  logits(vector: Float32Array): Float32Array {
    const products = this.products(vector);
    const logits = new Float32Array(this.items);
    for (let item = 0; item < logits.length; item++) logits[item] = this.product(products, item);
    return logits;
  }

  cosines(vector: Float32Array): Float64Array {
    const products = this.products(vector);
    const own = lengthOf(vector);
    const row = new Float32Array(this.width);
    return Float64Array.from({ length: this.items }, (_, item) => {
      row.fill(0);
      this.addRow(item, row, 0);
      return this.product(products, item) / (own * lengthOf(row));
    });
  }

  /** By cosines with stored lengths first, then by exact ones. */
  nearest(item: number, allowed: ItemMask, k: number): Ranked[] {
    const { lengths, width } = this;
    const vector = this.rows([item]);
    const products = this.products(vector);
    const candidates = new Best(REFINED * k);
    for (let other = 0; other < this.items; other++) {
      const product = this.product(products, other);
      if (allowed[other] === 0 || other === item) continue;
      candidates.offer(other, product / LENGTHS[lengths[other]]);
    }
    const rows = this.rows([...candidates.ids.subarray(0, candidates.count)]);
    const own = lengthOf(vector);
    const best = new Best(k);
    for (let at = 0; at < candidates.count; at++) {
      const row = rows.subarray(at * width, (at + 1) * width);
      best.offer(candidates.ids[at], dot(row, vector) / (own * lengthOf(row)));
    }
    return ranked(best);
  }

  /** All cells, that of the largest product first. */
  cellsByProduct(products: Float32Array): Uint16Array {
    return Uint16Array.from({ length: CODES }, (_, cell) => cell).sort((a, b) => products[b] - products[a]);
  }

  private addRow(item: number, into: Float32Array, to: number): void {
    const { codes, vectors, stages, width } = this;
    for (let stage = 0; stage < stages; stage++) {
      const from = (stage * CODES + codes[item * stages + stage]) * width;
      for (let c = 0; c < width; c++) into[to + c] += vectors[from + c];
    }
  }
}

function cellsOf(codes: Uint8Array, items: number, stages: number): Uint32Array {
  const cells = new Uint32Array(CODES + 1);
  for (let item = 0; item < items; item++) {
    const cell = codes[item * stages];
    if (item > 0 && cell < codes[(item - 1) * stages]) throw new RangeError('items out of their order');
    cells[cell + 1] = item + 1;
  }
  for (let cell = 0; cell < CODES; cell++) cells[cell + 1] = Math.max(cells[cell + 1], cells[cell]);
  return cells;
}
