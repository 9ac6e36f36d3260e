/** The engine's runtime in a browser: WASM on one thread, or WebGPU with a runtime of its own. */

import type { Backend } from '../engine/config.ts';
import { Runtime } from '../engine/runtime.ts';
import type { Download } from './download.ts';

/** Set by `scripts/bundle-page.ts`, which makes a script for each backend. */
declare const RUNTIME: { backend: Backend; url: string; bytes: number };

export const { backend: BACKEND, bytes: RUNTIME_BYTES } = RUNTIME;

export async function loadRuntime(download: Download): Promise<Runtime> {
  const bytes = await download.bytes(RUNTIME.url);
  if (bytes === null) throw new Error('This deployment comes without the runtime for browsers');
  return new Runtime({ wasmBytes: bytes.buffer }, BACKEND);
}
