/** Numbers for some of the items. */
export interface Sparse {
  /** Item indices, each once. */
  items: Int32Array;
  values: Float64Array;
}

/** Adds numbers up by item, in time that grows with what is added and not with the catalogue. */
export interface SparseSums {
  add(item: number, value: number): void;
  /** Puts something else in the place of each sum. */
  replace(by: (sum: number) => number): void;
  /** Visits the items that something was added to. All sums are zero afterwards. */
  drain(visit: (item: number, sum: number) => void): void;
  /** The same as arrays. */
  take(): Sparse;
}

/** More items than this are not worth 13 bytes each. */
const MOST_DENSE = 2 ** 16;

/** Sums over so many items. */
export function sparseSums(items: number): SparseSums {
  return items > MOST_DENSE ? new MappedSums() : new DenseSums(items);
}

/** A place per item: the fastest. */
class DenseSums implements SparseSums {
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

  replace(by: (sum: number) => number): void {
    for (let i = 0; i < this.count; i++) this.sums[this.items[i]] = by(this.sums[this.items[i]]);
  }

  drain(visit: (item: number, sum: number) => void): void {
    for (let i = 0; i < this.count; i++) {
      const item = this.items[i];
      const sum = this.sums[item];
      this.sums[item] = 0;
      this.touched[item] = 0;
      visit(item, sum);
    }
    this.count = 0;
  }

  take(): Sparse {
    const items = this.items.slice(0, this.count);
    const values = new Float64Array(this.count);
    let at = 0;
    this.drain((_, sum) => {
      values[at++] = sum;
    });
    return { items, values };
  }
}

/** No place for items that nothing is added to. */
class MappedSums implements SparseSums {
  private sums = new Map<number, number>();

  add(item: number, value: number): void {
    this.sums.set(item, (this.sums.get(item) ?? 0) + value);
  }

  replace(by: (sum: number) => number): void {
    for (const [item, sum] of this.sums) this.sums.set(item, by(sum));
  }

  drain(visit: (item: number, sum: number) => void): void {
    const { sums } = this;
    this.sums = new Map();
    for (const [item, sum] of sums) visit(item, sum);
  }

  take(): Sparse {
    const items = Int32Array.from(this.sums.keys());
    const values = Float64Array.from(this.sums.values());
    this.sums = new Map();
    return { items, values };
  }
}
