/** Models in Node, for the commands and the tests. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Runtime } from '../worker/engine/runtime.ts';
import type { AssetSource } from '../worker/models/files.ts';
import { type EarnModel, loadModel } from '../worker/models/model.ts';

/** A model folder on disk. */
export function folderSource(folder: string): AssetSource {
  return {
    async read(path) {
      const file = join(folder, path);
      return existsSync(file) ? new Uint8Array(readFileSync(file)) : null;
    },
  };
}

/** A model in memory. */
export function memorySource(files: Map<string, Uint8Array>): AssetSource {
  return {
    async read(path) {
      const bytes = files.get(path);
      return bytes ? new Uint8Array(bytes) : null;
    },
  };
}

export function nodeRuntime(): Runtime {
  const path = createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm');
  return new Runtime({ wasmBytes: new Uint8Array(readFileSync(path)).buffer });
}

export function loadFolder(folder: string, runtime: Runtime = nodeRuntime()): Promise<EarnModel> {
  return loadModel(folderSource(folder), runtime);
}
