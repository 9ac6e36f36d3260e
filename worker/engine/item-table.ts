/** What the model has learned of each item: one vector per item. */
import type { ModelConfig, Precision } from './config.ts';
import { bestItems, type ItemMask, type Ranked } from './ranking.ts';
import { lengthOf } from './vectors.ts';

export interface ItemTable {
  /** Numbers per vector. */
  readonly width: number;
  /** The vectors of these items, [items.length x width]: what the decoder reads of a history. */
  rows(items: readonly number[]): Float32Array;
  /**
   * The `k` allowed items whose vectors have the largest cosines with this item's, best first. Never the item
   * itself. Items that the same users take have vectors of similar directions.
   */
  nearest(item: number, allowed: ItemMask, k: number): Ranked[];
  /** The cosine of every item's vector with this one, [items]. */
  cosines(vector: Float32Array): Float64Array;
}

/** The scales begin at a multiple of this, so that they can be read in place. */
const ALIGNMENT = 64;

/**
 * The table's file: the vectors, [items x width]. In int8, one float32 scale per item follows from
 * `scalesAt`; in float32 there are none.
 */
export function itemTableLayout(
  { items, width }: Pick<ModelConfig, 'items' | 'width'>,
  precision: Precision,
) {
  if (precision === 'float32') return { scalesAt: null, bytes: 4 * width * items };
  const scalesAt = ALIGNMENT * Math.ceil((width * items) / ALIGNMENT);
  return { scalesAt, bytes: scalesAt + 4 * items };
}

/** A table over the bytes of its file, which are not copied. */
export class StoredItemTable implements ItemTable {
  private readonly bytes: Uint8Array<ArrayBuffer>;
  private readonly items: number;
  readonly width: number;
  /** [items x width]. */
  private readonly data: Int8Array | Float32Array;
  /** One per item; null when `data` are the values themselves. */
  private readonly scales: Float32Array | null;
  /** Length of each vector in units of its scale, which means nothing to a cosine. */
  private lengths: Float64Array | undefined;

  constructor(
    bytes: Uint8Array<ArrayBuffer>,
    config: Pick<ModelConfig, 'items' | 'width'>,
    precision: Precision,
  ) {
    const { items, width } = config;
    const { buffer, byteOffset } = bytes;
    const { scalesAt } = itemTableLayout(config, precision);
    this.bytes = bytes;
    this.items = items;
    this.width = width;
    this.data = arrayOf(scalesAt === null ? Float32Array : Int8Array, bytes, width * items);
    this.scales = scalesAt === null ? null : new Float32Array(buffer, byteOffset + scalesAt, items);
  }

  rows(items: readonly number[]): Float32Array {
    const { width, data, scales } = this;
    const rows = new Float32Array(items.length * width);
    for (const [at, item] of items.entries()) {
      const scale = scales === null ? 1 : scales[item];
      const [from, to] = [item * width, at * width];
      for (let c = 0; c < width; c++) rows[to + c] = data[from + c] * scale;
    }
    return rows;
  }

  nearest(item: number, allowed: ItemMask, k: number): Ranked[] {
    const lengths = this.lengthOfEach();
    const own = lengths[item];
    const cosines = lengths.map((length, other) => this.dot(item, other) / (length * own));
    const others = allowed.slice();
    others[item] = 0;
    return bestItems(cosines, others, k);
  }

  cosines(vector: Float32Array): Float64Array {
    const { data, width } = this;
    const own = lengthOf(vector);
    return this.lengthOfEach().map((length, item) => {
      let sum = 0;
      for (let c = 0; c < width; c++) sum += data[item * width + c] * vector[c];
      return sum / (length * own);
    });
  }

  /**
   * The same file with the vectors transposed, [width x items]: a matrix for the score graph to multiply
   * with.
   */
  transposed(): Uint8Array {
    const { bytes, items, width, data } = this;
    const copy = bytes.slice();
    const columns = arrayOf(data instanceof Int8Array ? Int8Array : Float32Array, copy, data.length);
    for (let item = 0; item < items; item++) {
      for (let c = 0; c < width; c++) columns[c * items + item] = data[item * width + c];
    }
    return copy;
  }

  private lengthOfEach(): Float64Array {
    this.lengths ??= Float64Array.from({ length: this.items }, (_, at) => Math.sqrt(this.dot(at, at)) || 1);
    return this.lengths;
  }

  private dot(a: number, b: number): number {
    const { data, width } = this;
    const [from, to] = [a * width, b * width];
    let sum = 0;
    for (let c = 0; c < width; c++) sum += data[from + c] * data[to + c];
    return sum;
  }
}

/** The first `length` numbers of `bytes`. */
function arrayOf(
  Numbers: Int8ArrayConstructor | Float32ArrayConstructor,
  { buffer, byteOffset }: Uint8Array<ArrayBuffer>,
  length: number,
): Int8Array | Float32Array {
  return new Numbers(buffer, byteOffset, length);
}
