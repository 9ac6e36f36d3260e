/**
 * Finds items by hashes of their ids, where the ids themselves are not in memory: 8 bytes per item. The hash
 * has 48 bits; ids of the catalogue with equal ones are told apart by name. An id that is not of the
 * catalogue is taken for one of a million items with a probability of one in 280 million.
 *
 *     starts  uint32 [2^16 + 1]   the items whose hashes begin with these 16 bits are order[starts[bits]] …
 *     order   uint32 [items]
 *     low     uint32 [items]      the lower 32 bits of each item's hash
 */
import { idHash } from '../id-hash.ts';

const BUCKETS = 2 ** 16;
const LOW = 2 ** 32;

const bytesFor = (items: number) => 4 * (BUCKETS + 1 + 2 * items);
const bucketOf = (hash: number) => Math.floor(hash / LOW) % BUCKETS;

/** Ids of equal hashes, and their items. */
export type Twins = Readonly<Record<string, number>>;

export class HashedIds {
  private readonly starts: Uint32Array;
  private readonly order: Uint32Array;
  private readonly low: Uint32Array;
  private readonly twins: Twins;
  private readonly hash: typeof idHash;

  /** `file` is not copied. @throws {RangeError} when it is of another size */
  constructor(file: Uint8Array<ArrayBuffer>, items: number, twins: Twins, hash = idHash) {
    if (file.length !== bytesFor(items)) throw new RangeError(`the ids have ${file.length} bytes`);
    const { buffer, byteOffset } = file;
    this.starts = new Uint32Array(buffer, byteOffset, BUCKETS + 1);
    this.order = new Uint32Array(buffer, byteOffset + this.starts.byteLength, items);
    this.low = new Uint32Array(buffer, byteOffset + this.starts.byteLength + this.order.byteLength, items);
    this.twins = twins;
    this.hash = hash;
  }

  get(id: string): number | undefined {
    return Object.hasOwn(this.twins, id) ? this.twins[id] : this.find(this.hash(id));
  }

  /** The item whose id has this hash: of several, one of them. */
  find(hash: number): number | undefined {
    const { starts, order, low } = this;
    const bucket = bucketOf(hash);
    const wanted = hash % LOW;
    for (let at = starts[bucket]; at < starts[bucket + 1]; at++) {
      if (low[order[at]] === wanted) return order[at];
    }
    return undefined;
  }

  /** The part of the item's hash that tells it from nearly all others. */
  lowOf(item: number): number {
    return this.low[item];
  }
}

/** The file for these ids, and those that it can't tell apart. */
export function hashIds(
  ids: readonly string[],
  hash = idHash,
): { file: Uint8Array<ArrayBuffer>; twins: Twins } {
  const file = new Uint8Array(bytesFor(ids.length));
  const starts = new Uint32Array(file.buffer, 0, BUCKETS + 1);
  const order = new Uint32Array(file.buffer, starts.byteLength, ids.length);
  const low = new Uint32Array(file.buffer, starts.byteLength + order.byteLength, ids.length);
  const buckets = new Uint16Array(ids.length);
  for (const [item, id] of ids.entries()) {
    const value = hash(id);
    buckets[item] = bucketOf(value);
    low[item] = value % LOW;
    starts[buckets[item] + 1]++;
  }
  for (let bucket = 0; bucket < BUCKETS; bucket++) starts[bucket + 1] += starts[bucket];
  const next = starts.slice();
  for (let item = 0; item < ids.length; item++) order[next[buckets[item]]++] = item;
  const twins: Record<string, number> = {};
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const own = order.subarray(starts[bucket], starts[bucket + 1]);
    for (const item of own) {
      if (own.some((other) => other !== item && low[other] === low[item])) twins[ids[item]] = item;
    }
  }
  return { file, twins };
}
