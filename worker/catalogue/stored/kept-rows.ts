/**
 * Rows in small files, of which only those are read that a list needs. A file has so many rows, in the order
 * of their indices. The rows that were read last are kept.
 */
import { LRUCache } from 'lru-cache';

/** Reads one of the files. */
export type ReadShard<Bytes = Uint8Array> = (shard: number) => Promise<Bytes>;

/** A row, and about how many bytes of memory it takes. */
export interface SizedRow<Row> {
  row: Row;
  bytes: number;
}

export interface KeptRowsOptions<Row, Bytes> {
  perShard: number;
  /** Bytes that kept rows may take. */
  mostBytes: number;
  readShard: ReadShard<Bytes>;
  /** Finds rows in a file, by their places there. */
  rowsOf(bytes: Bytes, shard: number): (place: number) => SizedRow<Row>;
}

/** A place in the cache, measured in Node 24 and rounded up. */
const KEPT_BYTES = 250;

export class KeptRows<Row extends object, Bytes = Uint8Array> {
  private readonly options: KeptRowsOptions<Row, Bytes>;
  private readonly kept: LRUCache<number, Row>;

  constructor(options: KeptRowsOptions<Row, Bytes>) {
    this.options = options;
    this.kept = new LRUCache({ maxSize: options.mostBytes });
  }

  /** These rows by index. Throws what reading throws. */
  async read(indices: Iterable<number>): Promise<Map<number, Row>> {
    const { perShard, readShard, rowsOf } = this.options;
    const found = new Map<number, Row>();
    const missing = new Map<number, number[]>();
    for (const index of new Set(indices)) {
      const row = this.kept.get(index);
      if (row) found.set(index, row);
      else {
        const shard = Math.floor(index / perShard);
        missing.set(shard, [...(missing.get(shard) ?? []), index]);
      }
    }
    await Promise.all(
      [...missing].map(async ([shard, wanted]) => {
        const rowAt = rowsOf(await readShard(shard), shard);
        for (const index of wanted) {
          const { row, bytes } = rowAt(index % perShard);
          this.kept.set(index, row, { size: KEPT_BYTES + bytes });
          found.set(index, row);
        }
      }),
    );
    return found;
  }
}
