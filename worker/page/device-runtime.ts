/**
 * The engine's runtime in a browser: WASM on one thread. Another backend (WebGPU needs its own build of the weights
 * and of the runtime) would be chosen here.
 */
import { Runtime } from '../engine/runtime.ts';
import type { Download } from './download.ts';

/** Set by `scripts/bundle-page.ts`. */
declare const RUNTIME: { url: string; bytes: number };

export const RUNTIME_BYTES = RUNTIME.bytes;

export async function loadRuntime(download: Download): Promise<Runtime> {
  const bytes = await download.bytes(RUNTIME.url);
  if (bytes === null) throw new Error('This deployment comes without the runtime for browsers');
  return new Runtime({ wasmBytes: bytes.buffer });
}
