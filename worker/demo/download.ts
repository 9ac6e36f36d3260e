/** Fetches each of a model's files once over HTTP and counts its bytes as they arrive. */
import type { Backend } from '../engine/config.ts';
import type { AssetSource } from '../models/files.ts';
import { filesOf, MANIFEST_FILE, parseManifest } from '../models/manifest.ts';

export class Download implements AssetSource {
  private readonly report: (loaded: number, total: number) => void;
  private readonly backends: readonly Backend[];
  private readonly folder: string;
  private readonly hashes = new Map<string, string>();
  private readonly files = new Map<string, Promise<Uint8Array<ArrayBuffer> | null>>();
  private loaded = 0;
  private total: number;

  /**
   * `beside`: bytes that are fetched besides the model. `backends`: those whose graphs will be fetched.
   * `folder`: of a model beside the one that serves.
   */
  constructor(
    beside: number,
    backends: readonly Backend[],
    report: (loaded: number, total: number) => void,
    folder: '' | 'full/' = '',
  ) {
    this.folder = folder;
    this.total = beside;
    this.backends = backends;
    this.report = report;
  }

  read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const file = this.files.get(path) ?? this.fetch(path);
    this.files.set(path, file);
    return file;
  }

  /** With its hash in the URL a file is immutable, so the browser keeps it. */
  private async fetch(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const hash = this.hashes.get(path);
    const url = `/model/${this.folder}${path}`;
    if (hash) return this.bytes(`${url}?sha256=${hash}`);
    const bytes = await fetchAll(url, () => {});
    if (bytes && path === MANIFEST_FILE) this.expect(bytes);
    return bytes;
  }

  bytes(url: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return fetchAll(url, (more) => {
      this.loaded += more;
      this.report(this.loaded, this.total);
    });
  }

  /** Reads from the manifest how many bytes are to come. */
  private expect(manifest: Uint8Array): void {
    const parsed = parseManifest(manifest);
    for (const { path, bytes, sha256 } of filesOf(parsed, this.backends)) {
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
