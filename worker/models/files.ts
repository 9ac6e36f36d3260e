/** Reads a model's files, and refuses every file that is not what the manifest says. */
import { ModelUnavailable } from '../engine/errors.ts';
import { sha256Hex } from '../engine/hex.ts';
import { MANIFEST_FILE, type Manifest, type ModelFile, parseManifest, sizeOf } from './manifest.ts';

/** Where the files come from: static assets in a Worker, a folder in Node, fetch in a browser. */
export interface AssetSource {
  /** The file's bytes, or null when there is no such file. May throw when the source is broken. */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | null>;
}

/** Bytes that are read ahead: more at once would be felt in an isolate's 128 MB. */
const MOST_AHEAD = 16 * 1024 * 1024;

/** The same source, which begins to read these files at once, in their order, while there is room. */
export function readAhead(source: AssetSource, files: readonly ModelFile[]): AssetSource {
  const begun = new Map<string, Promise<Uint8Array<ArrayBuffer> | null>>();
  let bytes = 0;
  for (const file of files) {
    bytes += file.bytes;
    if (bytes > MOST_AHEAD) break;
    const reading = (async () => source.read(file.path))();
    reading.catch(() => {}); // who asks for the file hears of it
    begun.set(file.path, reading);
  }
  return {
    async read(path) {
      const reading = begun.get(path);
      begun.delete(path);
      return reading ?? source.read(path);
    },
  };
}

/** Throws ModelUnavailable when the manifest is missing, damaged or of another format. */
export async function readManifest(source: AssetSource): Promise<Manifest> {
  const bytes = await readBytes(source, MANIFEST_FILE);
  const manifest = parseManifest(bytes);
  const text = sealedText(JSON.parse(new TextDecoder().decode(bytes)));
  if (manifest.digest && manifest.digest !== (await sha256Hex(new TextEncoder().encode(text)))) {
    throw new ModelUnavailable('manifest_damaged', `${MANIFEST_FILE} is not what was built`);
  }
  return manifest;
}

/** Everything in a manifest but its digest, whatever the order of the fields. */
export function sealedText({ digest: _, ...rest }: Pick<Manifest, 'digest'>): string {
  return JSON.stringify(rest, (_, value) =>
    value instanceof Object && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** Throws ModelUnavailable unless the length and the SHA-256 are the manifest's. */
export async function readVerified(source: AssetSource, file: ModelFile): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readBytes(source, file.path);
  if (bytes.length !== file.bytes || (await sha256Hex(bytes)) !== file.sha256) {
    throw new ModelUnavailable('asset_damaged', `${file.path} is not the file that the manifest names`);
  }
  return bytes;
}

/** A file in pieces, verified and put together. */
export async function readPieces(source: AssetSource, pieces: ModelFile[]): Promise<Uint8Array<ArrayBuffer>> {
  if (pieces.length === 1) return readVerified(source, pieces[0]);
  const whole = new Uint8Array(sizeOf(pieces));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(await readVerified(source, piece), offset);
    offset += piece.bytes;
  }
  return whole;
}

/** Throws ModelUnavailable when there is no such file, or it can't be read. */
export async function readBytes(source: AssetSource, path: string): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer> | null;
  try {
    bytes = await source.read(path);
  } catch (cause) {
    if (cause instanceof ModelUnavailable) throw cause;
    throw new ModelUnavailable('asset_missing', `${path} can't be read`, { cause });
  }
  if (bytes === null) throw new ModelUnavailable('asset_missing', `${path} is missing`);
  return bytes;
}
