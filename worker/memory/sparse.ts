/** Numbers for some of the items. */
export interface Sparse {
  /** Item indices, each once. */
  items: Int32Array;
  values: Float64Array;
}

/** Adds numbers up by item, in time that grows with what is added and not with the catalogue. */
export class SparseSums {
  private readonly sums: Float64Array;
  private readonly touched: Uint8Array;
  private items: number[] = [];

  /** For so many items. */
  constructor(items: number) {
    this.sums = new Float64Array(items);
    this.touched = new Uint8Array(items);
  }

  add(item: number, value: number): void {
    if (this.touched[item] === 0) {
      this.touched[item] = 1;
      this.items.push(item);
    }
    this.sums[item] += value;
  }

  /** The sums of the items that something was added to. All are zero afterwards. */
  take(): Sparse {
    const items = Int32Array.from(this.items);
    const values = Float64Array.from(items, (item) => this.sums[item]);
    for (const item of items) {
      this.sums[item] = 0;
      this.touched[item] = 0;
    }
    this.items = [];
    return { items, values };
  }
}
