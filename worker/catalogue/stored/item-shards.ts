/** Items in small files (`KeptRows`), each of which has the JSON of its items, one per line. */
import { BUDGET } from '../../cache/budget.ts';
import type { CatalogueItem } from '../item.ts';
import { KeptRows, type ReadShard } from './kept-rows.ts';

/** Small enough that reading one costs little, large enough that a million items are not too many files. */
export const ITEMS_PER_SHARD = 128;
const LINE_END = '\n'.charCodeAt(0);
/** The objects of an item, beside its texts. */
const ITEM_BYTES = 500;

export class ItemShards {
  private readonly rows: KeptRows<CatalogueItem>;

  constructor(readShard: ReadShard) {
    this.rows = new KeptRows({
      perShard: ITEMS_PER_SHARD,
      mostBytes: BUDGET.items,
      readShard,
      rowsOf: (bytes) => (line) => {
        const json = lineOf(bytes, line);
        return { row: JSON.parse(json), bytes: ITEM_BYTES + 2 * json.length };
      },
    });
  }

  /** These items by index. Throws what reading throws. */
  read(indices: Iterable<number>): Promise<Map<number, CatalogueItem>> {
    return this.rows.read(indices);
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
