import { type AssetSource, readManifest, readPieces, readVerified } from '../worker/models/files.ts';
import { filesOf, type Manifest } from '../worker/models/manifest.ts';
import { countOf, shardReader, shardsOf } from '../worker/models/shards.ts';

/** Reads every file of a model. @throws {ModelUnavailable} when one is not what its manifest says */
export async function verifyModel(source: AssetSource): Promise<Manifest> {
  const manifest = await readManifest(source);
  for (const file of filesOf(manifest)) await readVerified(source, file);
  for (const { shards, hashes } of shardsOf(manifest)) {
    const read = shardReader(source, shards, await readPieces(source, hashes));
    for (let shard = 0; shard < countOf(hashes); shard++) await read(shard);
  }
  return manifest;
}
