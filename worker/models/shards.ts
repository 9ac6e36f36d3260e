/** Small files that are read when a list needs them. */
import { ModelUnavailable } from '../engine/errors.ts';
import { type AssetSource, readBytes } from './files.ts';
import { type Manifest, type ModelFile, sizeOf } from './manifest.ts';

/** Bytes of a SHA-256. */
const HASH_BYTES = 32;

/** Names of the small files of a large catalogue. */
export const ITEM_SHARDS = { stem: 'items', extension: 'jsonl' };
export const WORD_SHARDS = { stem: 'item-words', extension: 'json' };
export const ROW_SHARDS = { stem: 'transitions', extension: 'bin' };
export const nameOfShard = ({ stem, extension }: typeof ITEM_SHARDS, shard: number) =>
  `${stem}-${shard}.${extension}`;

/**
 * Reads one of them, and refuses it unless it has the SHA-256 at its place in `hashes`. Throws
 * ModelUnavailable.
 */
export function shardReader(
  source: AssetSource,
  shards: { stem: string; extension: string },
  hashes: Uint8Array,
): (shard: number) => Promise<Uint8Array<ArrayBuffer>> {
  return async (shard) => {
    const path = nameOfShard(shards, shard);
    const bytes = await readBytes(source, path);
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    if (hash.some((byte, at) => byte !== hashes[shard * HASH_BYTES + at])) {
      throw new ModelUnavailable('asset_damaged', `${path} is not the file that was built`);
    }
    return bytes;
  };
}

/** How many files these are the hashes of. */
export const countOf = (hashes: ModelFile[]): number => sizeOf(hashes) / HASH_BYTES;

/** The files that are read when a list needs them, and that only their hashes name. */
export function laterFilesOf({ large, memory }: Manifest): string[] {
  const names = (shards: typeof ITEM_SHARDS, hashes: ModelFile[] = []) =>
    Array.from({ length: countOf(hashes) }, (_, at) => nameOfShard(shards, at));
  return [
    ...names(ITEM_SHARDS, large?.items),
    ...names(WORD_SHARDS, large?.words),
    ...names(ROW_SHARDS, memory?.rows),
  ];
}
