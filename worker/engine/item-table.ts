/** What the model has learned of each item: one vector per item. */
import { bestItems, type ItemMask, type Ranked } from './ranking.ts';

export interface ItemTable {
  /**
   * The `k` allowed items whose vectors have the largest cosines with this item's, best first. Never the item itself.
   * Items that the same users take have vectors of similar directions.
   */
  nearest(item: number, allowed: ItemMask, k: number): Ranked[];
}

export class StoredItemTable implements ItemTable {
  /** [items x width]. */
  private readonly rows: Int8Array;
  private readonly width: number;
  /** Length of each row. */
  private readonly norms: Float64Array;

  /** `bytes` are int8 [items x width] (`quantizeRows` in `scripts/build`). */
  constructor(bytes: Uint8Array<ArrayBuffer>, items: number) {
    this.rows = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.width = bytes.length / items;
    this.norms = Float64Array.from({ length: items }, (_, item) => Math.sqrt(this.dot(item, item)) || 1);
  }

  nearest(item: number, allowed: ItemMask, k: number): Ranked[] {
    const cosines = this.norms.map((norm, other) => this.dot(item, other) / (norm * this.norms[item]));
    const others = allowed.slice();
    others[item] = 0;
    return bestItems(cosines, others, k);
  }

  private dot(a: number, b: number): number {
    const { rows, width } = this;
    const [from, to] = [a * width, b * width];
    let sum = 0;
    for (let c = 0; c < width; c++) sum += rows[from + c] * rows[to + c];
    return sum;
  }
}
