/**
 * Transitions in small files (`KeptRows`), each of which is a memory's file (`layout.ts`) for so many items,
 * whose successors are always uint32.
 */
import { BUDGET } from '../cache/budget.ts';
import { KeptRows, type ReadShard, type SizedRow } from '../catalogue/stored/kept-rows.ts';
import { startsOf, type Transitions, transitionsIn } from './layout.ts';

/** At most 20 kB: what is read of a file beside a row is garbage a moment later. */
export const ROWS_PER_SHARD = 64;
/** Two arrays with buffers of their own, beside what is in them. */
const ROW_BYTES = 700;

interface Row {
  successors: Uint32Array;
  probabilities: Uint8Array;
}

/** Some of the rows. */
export interface FoundRows extends Transitions {
  of: StoredTransitions;
  /** The row of each item. */
  places: ReadonlyMap<number, number>;
}

const bytesFor = (items: number, entries: number) => 4 * (items + 1) + 5 * entries;

export class StoredTransitions {
  /** How many rows there are. */
  readonly items: number;
  private readonly rows: KeptRows<Row, Uint8Array<ArrayBuffer>>;

  constructor(items: number, readShard: ReadShard<Uint8Array<ArrayBuffer>>) {
    this.items = items;
    this.rows = new KeptRows({
      perShard: ROWS_PER_SHARD,
      mostBytes: BUDGET.transitions,
      readShard,
      rowsOf: (file, shard) => rowsOf(file, Math.min(ROWS_PER_SHARD, items - shard * ROWS_PER_SHARD)),
    });
  }

  /** No rows at all. */
  get none(): FoundRows {
    return this.found(new Map());
  }

  /** The rows of these items, but for those that came later. Throws what reading throws. */
  async of(items: readonly number[]): Promise<FoundRows> {
    return this.found(await this.rows.read(items.filter((item) => item < this.items)));
  }

  private found(rows: ReadonlyMap<number, Row>): FoundRows {
    const total = [...rows.values()].reduce((sum, { successors }) => sum + successors.length, 0);
    const starts = new Uint32Array(rows.size + 1);
    const successors = new Uint32Array(total);
    const probabilities = new Uint8Array(total);
    const places = new Map<number, number>();
    for (const [item, row] of rows) {
      const place = places.size;
      places.set(item, place);
      successors.set(row.successors, starts[place]);
      probabilities.set(row.probabilities, starts[place]);
      starts[place + 1] = starts[place] + row.successors.length;
    }
    return { of: this, places, starts, successors, probabilities };
  }
}

/** The rows of a file of so many items. */
function rowsOf(file: Uint8Array<ArrayBuffer>, count: number): (place: number) => SizedRow<Row> {
  const { entries } = startsOf(file, count, bytesFor);
  const { starts, successors, probabilities } = transitionsIn(file, count, entries, Uint32Array);
  return (place) => {
    const [from, to] = [starts[place], starts[place + 1]];
    const row = {
      successors: Uint32Array.from(successors.subarray(from, to)),
      probabilities: probabilities.slice(from, to),
    };
    return { row, bytes: ROW_BYTES + 5 * (to - from) };
  };
}

/** A memory's transitions as such files. */
export function* transitionShards({ starts, successors, probabilities }: Transitions) {
  const items = starts.length - 1;
  for (let first = 0; first < items; first += ROWS_PER_SHARD) {
    const end = Math.min(items, first + ROWS_PER_SHARD);
    const [from, to] = [starts[first], starts[end]];
    const file = new Uint8Array(bytesFor(end - first, to - from));
    const own = transitionsIn(file, end - first, to - from, Uint32Array);
    for (let item = first; item <= end; item++) own.starts[item - first] = starts[item] - from;
    own.successors.set(successors.subarray(from, to));
    own.probabilities.set(probabilities.subarray(from, to));
    yield file;
  }
}
