/** Reads a model's files and lets nothing through that is not what the manifest says. */
import { ModelUnavailable } from '../engine/errors.ts';
import { sha256Hex } from '../engine/hex.ts';
import { MANIFEST_FILE, type Manifest, type ModelFile, parseManifest } from './manifest.ts';

/** Where the files come from: static assets in a Worker, a folder in Node, fetch in a browser. */
export interface AssetSource {
  /** The file's bytes, or null when there is none of that name. May throw when the source is broken. */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | null>;
}

/** Throws ModelUnavailable when it is missing, damaged or of another format. */
export async function readManifest(source: AssetSource): Promise<Manifest> {
  return parseManifest(await readBytes(source, MANIFEST_FILE));
}

/** Throws ModelUnavailable unless length and SHA-256 are the manifest's. */
export async function readVerified(source: AssetSource, file: ModelFile): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readBytes(source, file.path);
  if (bytes.length !== file.bytes || (await sha256Hex(bytes)) !== file.sha256) {
    throw new ModelUnavailable('asset_damaged', `${file.path} is not the file that the manifest names`);
  }
  return bytes;
}

/** The pieces of the weights file, verified and put together. */
export async function readShards(source: AssetSource, shards: ModelFile[]): Promise<Uint8Array<ArrayBuffer>> {
  if (shards.length === 1) return readVerified(source, shards[0]);
  const whole = new Uint8Array(shards.reduce((sum, { bytes }) => sum + bytes, 0));
  let offset = 0;
  for (const shard of shards) {
    whole.set(await readVerified(source, shard), offset);
    offset += shard.bytes;
  }
  return whole;
}

async function readBytes(source: AssetSource, path: string): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer> | null;
  try {
    bytes = await source.read(path);
  } catch (cause) {
    throw new ModelUnavailable('asset_missing', `${path} can't be read`, { cause });
  }
  if (bytes === null) throw new ModelUnavailable('asset_missing', `${path} is missing`);
  return bytes;
}
