/**
 * Items in small files, of which only those are read that a list needs. A file has the JSON of its items, one
 * per line, in the order of their indices. The items that were read last are kept.
 */
import { LRUCache } from 'lru-cache';
import type { CatalogueItem } from '../item.ts';

/** Small enough that reading one costs little, large enough that a million items are not too many files. */
export const ITEMS_PER_SHARD = 128;
const LINE_END = '\n'.charCodeAt(0);
/** Items that are kept: about 2 MB. */
const MOST_KEPT = 4096;

/** Reads one of the files. */
export type ReadShard = (shard: number) => Promise<Uint8Array>;

export class ItemShards {
  private readonly readShard: ReadShard;
  private readonly kept = new LRUCache<number, CatalogueItem>({ max: MOST_KEPT });

  constructor(readShard: ReadShard) {
    this.readShard = readShard;
  }

  /** These items by index. Throws what reading throws. */
  async read(indices: Iterable<number>): Promise<Map<number, CatalogueItem>> {
    const found = new Map<number, CatalogueItem>();
    const missing = new Map<number, number[]>();
    for (const index of new Set(indices)) {
      const item = this.kept.get(index);
      if (item) found.set(index, item);
      else {
        const shard = Math.floor(index / ITEMS_PER_SHARD);
        missing.set(shard, [...(missing.get(shard) ?? []), index]);
      }
    }
    await Promise.all(
      [...missing].map(async ([shard, wanted]) => {
        const bytes = await this.readShard(shard);
        for (const index of wanted) {
          const item: CatalogueItem = JSON.parse(lineOf(bytes, index % ITEMS_PER_SHARD));
          this.kept.set(index, item);
          found.set(index, item);
        }
      }),
    );
    return found;
  }
}

/**
 * One of the lines, from 0. The others are not decoded: they would be most of what a list leaves as garbage.
 */
function lineOf(bytes: Uint8Array, line: number): string {
  let start = 0;
  for (let before = 0; before < line; before++) start = bytes.indexOf(LINE_END, start) + 1;
  const end = bytes.indexOf(LINE_END, start);
  return new TextDecoder().decode(bytes.subarray(start, end < 0 ? undefined : end));
}

/** The files of these items. */
export function* itemShards(items: readonly CatalogueItem[]): Generator<Uint8Array> {
  for (let from = 0; from < items.length; from += ITEMS_PER_SHARD) {
    const lines = items.slice(from, from + ITEMS_PER_SHARD).map((item) => JSON.stringify(item));
    yield new TextEncoder().encode(lines.join('\n'));
  }
}
