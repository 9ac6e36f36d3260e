/** Collects the rows of a log in arrays of numbers, and sorts them by user. */
import { DataError } from './errors.ts';

/** Values of user, item, time, type and split, an array of each; a user of null is that of the row before. */
export type Rows = readonly (readonly unknown[])[];

export class LogColumns {
  private readonly users = new Names();
  private readonly items = new Names();
  private readonly types: ReadonlyMap<unknown, number>;
  private readonly splits: ReadonlyMap<unknown, number>;
  private readonly owner = new Growing(Int32Array);
  private readonly item = new Growing(Int32Array);
  private readonly time = new Growing(Float64Array);
  private readonly type = new Growing(Uint8Array);
  private readonly split = new Growing(Uint8Array);
  private user = 0;

  /** Without types of events they are not read. */
  constructor(types: readonly string[], splits: readonly string[]) {
    this.types = new Map(types.map((name, at) => [name, at + 1]));
    this.splits = new Map(splits.map((name, at) => [name, at]));
  }

  /** @throws {DataError} at a value that the data folder does not know */
  add([users, items, times, types, splits]: Rows): void {
    for (let i = 0; i < items.length; i++) {
      if (users[i] !== null) this.user = this.users.number(users[i]);
      this.owner.push(this.user);
      this.item.push(this.items.number(items[i]));
      this.time.push(times[i] as number);
      if (this.types.size > 0) this.type.push(types[i] === null ? 0 : known('type', this.types, types[i]));
      if (splits[i] !== null) this.split.push(known('split', this.splits, splits[i]));
    }
  }

  /** Users by first appearance; a user's events in the order of their rows. */
  sorted() {
    const [owner, item, time] = [this.owner.values, this.item.values, this.time.values];
    const starts = new Int32Array(this.users.all.length + 1);
    for (const user of owner) starts[user + 1]++;
    for (let user = 0; user < this.users.all.length; user++) starts[user + 1] += starts[user];
    const next = starts.slice();
    const place = owner.map((user) => next[user]++);
    const typed = this.types.size > 0;
    if (this.split.length > 0 && this.split.length < owner.length)
      throw new DataError('split: a row has none');
    return {
      users: this.users.all,
      items: this.items.all,
      starts,
      item: moved(item, place),
      time: moved(time, place),
      ...(typed && { type: moved(this.type.values, place) }),
      ...(this.split.length > 0 && { split: moved(this.split.values, place) }),
    };
  }
}

function known(field: string, names: ReadonlyMap<unknown, number>, value: unknown): number {
  const found = names.get(value);
  if (found !== undefined) return found;
  throw new DataError(`${field}: expected one of ${[...names.keys()].join(', ')}, found ${String(value)}`);
}

function moved<A extends Int32Array | Float64Array | Uint8Array>(values: A, place: Int32Array): A {
  const result = values.slice() as A;
  for (let i = 0; i < values.length; i++) result[place[i]] = values[i];
  return result;
}

/** Numbers names by first appearance. */
class Names {
  readonly all: string[] = [];
  private readonly numbers = new Map<unknown, number>();

  number(name: unknown): number {
    const found = this.numbers.get(name);
    if (found !== undefined) return found;
    this.numbers.set(name, this.all.length);
    return this.all.push(String(name)) - 1;
  }
}

/** An array of numbers that doubles where it is full. */
class Growing<A extends Int32Array | Float64Array | Uint8Array> {
  length = 0;
  private all: A;
  private readonly make: new (
    size: number,
  ) => A;

  constructor(make: new (size: number) => A) {
    this.make = make;
    this.all = new make(1024);
  }

  get values(): A {
    return this.all.subarray(0, this.length) as A;
  }

  push(value: number): void {
    if (this.length === this.all.length) {
      const larger = new this.make(2 * this.length);
      larger.set(this.all);
      this.all = larger;
    }
    this.all[this.length++] = value;
  }
}
