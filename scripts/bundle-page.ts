/**
 * The demo page's scripts and styles, bundled for browsers, and the runtime's binaries beside the model's
 * files. `wrangler` runs it before it bundles the Worker (`[build]` in wrangler.toml), vitest before its
 * tests.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import type { Backend } from '../worker/engine/config.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const { version: VERSION } = JSON.parse(
  readFileSync(join(ROOT, 'node_modules/onnxruntime-web/package.json'), 'utf8'),
);
/** Outside `worker`, which wrangler watches: a build must not cause the next one. */
const BUNDLE = join(ROOT, 'bundle');
/**
 * Among the assets: 14 MB would be too much for a script that every isolate keeps in memory. `MODEL_DIR`
 * names another model's folder, as `npm start -- --model` does.
 */
const RUNTIME = resolve(ROOT, process.env.MODEL_DIR ?? 'model-shards', 'runtime');

/**
 * onnxruntime's build for each backend. Of those with WebGPU only the one that waits by JSPI (16 MiB) is
 * smaller than a static asset may be (25 MiB):
 * https://developers.cloudflare.com/workers/platform/limits/#static-assets
 */
const RUNTIMES: Record<Backend, { module: string; binary: string }> = {
  wasm: { module: 'onnxruntime-web/wasm', binary: 'ort-wasm-simd-threaded.wasm' },
  webgpu: { module: 'onnxruntime-web/jspi', binary: 'ort-wasm-simd-threaded.jspi.wasm' },
};

/**
 * Writes `bundle/{page.js,page.css,docs.css,device.js,device-webgpu.js}` and `model-shards/runtime/`; files
 * that are right stay untouched. The two device scripts are one with another runtime in it.
 */
export async function bundlePage(): Promise<void> {
  await bundle({ entryPoints: { page: 'worker/demo/page.ts' } });
  await bundle({ entryPoints: { page: 'worker/demo/page.css', docs: 'worker/demo/docs.css' } });
  await bundleDevice('device', 'wasm');
  await bundleDevice('device-webgpu', 'webgpu');
  const names = Object.values(RUNTIMES).map(({ binary }) => placedName(binary));
  for (const other of readdirSync(RUNTIME)) {
    if (other.endsWith('.wasm') && !names.includes(other)) rmSync(join(RUNTIME, other));
  }
}

async function bundleDevice(name: string, backend: Backend): Promise<void> {
  const { module, binary } = RUNTIMES[backend];
  const bytes = readFileSync(require.resolve(`onnxruntime-web/${binary}`));
  writeChanged(join(RUNTIME, placedName(binary)), bytes);
  const runtime = { backend, url: `/runtime/${placedName(binary)}`, bytes: bytes.length };
  await bundle({
    entryPoints: { [name]: 'worker/demo/device.ts' },
    define: { RUNTIME: JSON.stringify(runtime) },
    alias: module === RUNTIMES.wasm.module ? {} : { [RUNTIMES.wasm.module]: module },
  });
}

async function bundle(options: BuildOptions): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    outdir: BUNDLE,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'eof',
    logLevel: 'warning',
    ...options,
    write: false,
  });
  for (const { path, contents } of outputFiles) writeChanged(path, contents);
}

/** A name that changes with the version, so that browsers may keep the file for good. */
function placedName(binary: string): string {
  return binary.replace('ort-wasm-simd-threaded', `ort-${VERSION}`);
}

/** Leaves equal files alone (wrangler reloads on every write) and never shows a half-written one. */
function writeChanged(path: string, contents: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, contents);
  renameSync(fresh, path);
}

if (import.meta.main) await bundlePage();
