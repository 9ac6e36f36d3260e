/** What the model has learned of each item: one vector per item. */
import type { ModelConfig, Precision } from './config.ts';
import { bestItems, type ItemMask, type Ranked } from './ranking.ts';

export interface ItemTable {
  /** The item's vector, [width]: what the decoder reads of it. */
  row(item: number): Float32Array;
  /**
   * The `k` allowed items whose vectors have the largest cosines with this item's, best first. Never the item
   * itself. Items that the same users take have vectors of similar directions.
   */
  nearest(item: number, allowed: ItemMask, k: number): Ranked[];
}

/** The scales begin at a multiple of this, so that they can be read in place. */
const ALIGNMENT = 64;

/**
 * The table's file: [width x items], the order in which the score graph multiplies it. In int8, one float32
 * scale per item follows from `scalesAt`; in float32 there are none.
 */
export function itemTableLayout(
  { items, width }: Pick<ModelConfig, 'items' | 'width'>,
  precision: Precision,
) {
  if (precision === 'float32') return { scalesAt: null, bytes: 4 * width * items };
  const scalesAt = ALIGNMENT * Math.ceil((width * items) / ALIGNMENT);
  return { scalesAt, bytes: scalesAt + 4 * items };
}

/** A table over the bytes of its file, which the score graph reads as they are. */
export class StoredItemTable implements ItemTable {
  private readonly items: number;
  private readonly width: number;
  /** [width x items]. */
  private readonly data: Int8Array | Float32Array;
  /** One per item; null when `data` are the values themselves. */
  private readonly scales: Float32Array | null;
  /** Length of each vector in units of its scale, which means nothing to a cosine. */
  private lengths: Float64Array | undefined;

  /** `bytes` as `itemTableLayout` says; they are not copied. */
  constructor(bytes: Uint8Array<ArrayBuffer>, config: ModelConfig, precision: Precision) {
    const { items, width } = config;
    const { buffer, byteOffset } = bytes;
    const { scalesAt } = itemTableLayout(config, precision);
    this.items = items;
    this.width = width;
    this.data = new (scalesAt === null ? Float32Array : Int8Array)(buffer, byteOffset, width * items);
    this.scales = scalesAt === null ? null : new Float32Array(buffer, byteOffset + scalesAt, items);
  }

  row(item: number): Float32Array {
    const { items, width, data, scales } = this;
    const scale = scales === null ? 1 : scales[item];
    const row = new Float32Array(width);
    for (let c = 0; c < width; c++) row[c] = data[c * items + item] * scale;
    return row;
  }

  nearest(item: number, allowed: ItemMask, k: number): Ranked[] {
    this.lengths ??= this.lengthsOfAll();
    const { items, width, data, lengths } = this;
    const dots = new Float64Array(items);
    for (let c = 0; c < width; c++) {
      const own = data[c * items + item];
      for (let other = 0; other < items; other++) dots[other] += own * data[c * items + other];
    }
    const cosines = dots.map((dot, other) => dot / (lengths[other] * lengths[item]));
    const others = allowed.slice();
    others[item] = 0;
    return bestItems(cosines, others, k);
  }

  /** A vector of zeros counts as one of length 1. */
  private lengthsOfAll(): Float64Array {
    const { items, data } = this;
    const squares = new Float64Array(items);
    for (let i = 0; i < data.length; i++) squares[i % items] += data[i] * data[i];
    return squares.map((square) => Math.sqrt(square) || 1);
  }
}
