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
  /** The items that something was added to: the first `count` of them. */
  private readonly items: Int32Array;
  private count = 0;

  /** For so many items. */
  constructor(items: number) {
    this.sums = new Float64Array(items);
    this.touched = new Uint8Array(items);
    this.items = new Int32Array(items);
  }

  add(item: number, value: number): void {
    if (this.touched[item] === 0) {
      this.touched[item] = 1;
      this.items[this.count++] = item;
    }
    this.sums[item] += value;
  }

  /** The sums of the items that something was added to. All are zero afterwards. */
  take(): Sparse {
    const { sums, touched, count } = this;
    const items = this.items.slice(0, count);
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const item = items[i];
      values[i] = sums[item];
      sums[item] = 0;
      touched[item] = 0;
    }
    this.count = 0;
    return { items, values };
  }
}
