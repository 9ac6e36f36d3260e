/** Small files that are read when a list needs them. */
import { ModelUnavailable } from '../engine/errors.ts';
import { type AssetSource, readBytes } from './files.ts';
import { type Manifest, type ModelFile, sizeOf } from './manifest.ts';

/** Bytes of a SHA-256. */
const HASH_BYTES = 32;

/** Names of the small files of a large catalogue. */
export interface ShardNames {
  stem: string;
  extension: string;
}
export const ITEM_SHARDS: ShardNames = { stem: 'items', extension: 'jsonl' };
export const WORD_SHARDS: ShardNames = { stem: 'item-words', extension: 'json' };
export const ROW_SHARDS: ShardNames = { stem: 'transitions', extension: 'bin' };
export const nameOfShard = ({ stem, extension }: ShardNames, shard: number) =>
  `${stem}-${shard}.${extension}`;

/** All kinds of them that a model has, with the files of their hashes. */
export function shardsOf({ large, memory }: Manifest): { shards: ShardNames; hashes: ModelFile[] }[] {
  return [
    { shards: ITEM_SHARDS, hashes: large?.items ?? [] },
    { shards: WORD_SHARDS, hashes: large?.words ?? [] },
    { shards: ROW_SHARDS, hashes: memory?.rows ?? [] },
  ];
}

/**
 * Reads one of them, and refuses it unless it has the SHA-256 at its place in `hashes`. Throws
 * ModelUnavailable.
 */
export function shardReader(
  source: AssetSource,
  shards: ShardNames,
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
export function laterFilesOf(manifest: Manifest): string[] {
  return shardsOf(manifest).flatMap(({ shards, hashes }) =>
    Array.from({ length: countOf(hashes) }, (_, at) => nameOfShard(shards, at)),
  );
}
