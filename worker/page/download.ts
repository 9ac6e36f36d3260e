/** The model's files over HTTP, counted as they arrive. */
import type { AssetSource } from '../engine/files.ts';
import { graphsFor, MANIFEST_FILE, type ModelFile, parseManifest } from '../engine/manifest.ts';

export class Download implements AssetSource {
  private readonly report: (loaded: number, total: number) => void;
  private readonly hashes = new Map<string, string>();
  private loaded = 0;
  private total: number;

  /** `beside` are the bytes that come with the model. */
  constructor(beside: number, report: (loaded: number, total: number) => void) {
    this.total = beside;
    this.report = report;
  }

  /** With its hash in the address a file is immutable, and the browser keeps it. */
  async read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const hash = this.hashes.get(path);
    if (hash) return this.bytes(`/model/${path}?sha256=${hash}`);
    const bytes = await fetchAll(`/model/${path}`, () => {});
    if (bytes && path === MANIFEST_FILE) this.expect(bytes);
    return bytes;
  }

  bytes(url: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return fetchAll(url, (more) => {
      this.loaded += more;
      this.report(this.loaded, this.total);
    });
  }

  /** Learns from the manifest what is to come. */
  private expect(manifest: Uint8Array): void {
    if (this.hashes.size > 0) return;
    const parsed = parseManifest(manifest);
    const { shards, catalogue, semanticIds } = parsed;
    const graphs = Object.values(graphsFor('wasm', parsed));
    const files: ModelFile[] = [...graphs, ...shards, catalogue, semanticIds];
    for (const { path, bytes, sha256 } of files) {
      this.hashes.set(path, sha256);
      this.total += bytes;
    }
  }
}

async function fetchAll(url: string, arrived: (bytes: number) => void) {
  const response = await fetch(url);
  if (response.status === 404) return null;
  if (!response.ok || !response.body) throw new Error(`${url}: ${response.status}`);
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        arrived(chunk.byteLength);
        controller.enqueue(chunk);
      },
    }),
  );
  return new Uint8Array(await new Response(counted).arrayBuffer());
}
