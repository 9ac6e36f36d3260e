/**
 * Bundles the demo page's scripts and styles for browsers, and places the runtime's binaries beside the
 * model's files. `wrangler` runs this before it bundles the Worker (`[build]` in wrangler.toml), vitest
 * before its tests.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import type { Backend } from '../worker/engine/config.ts';
import { placeFull } from './bundle-full.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const { version: VERSION } = JSON.parse(
  readFileSync(join(ROOT, 'node_modules/onnxruntime-web/package.json'), 'utf8'),
);
/** Outside `worker`, which wrangler watches, so that a build does not trigger the next one. */
const BUNDLE = join(ROOT, 'bundle');
/**
 * The runtime's binaries are assets: 14 MB are too much for a script that every isolate keeps in memory.
 * `MODEL_DIR` names another model's folder, as `npm start -- --model` does.
 */
const MODEL = resolve(ROOT, process.env.MODEL_DIR ?? 'model-shards');
const RUNTIME = join(MODEL, 'runtime');

/**
 * onnxruntime's build for each backend. Of its builds with WebGPU only the JSPI one (16 MiB) fits into a
 * static asset (25 MiB):
 * https://developers.cloudflare.com/workers/platform/limits/#static-assets
 */
const RUNTIMES: Record<Backend, { module: string; binary: string }> = {
  wasm: { module: 'onnxruntime-web/wasm', binary: 'ort-wasm-simd-threaded.wasm' },
  webgpu: { module: 'onnxruntime-web/jspi', binary: 'ort-wasm-simd-threaded.jspi.wasm' },
};

/**
 * Writes `bundle/` and `model-shards/runtime/`; files
 * that are up to date stay untouched. The two device scripts differ in their runtime only.
 */
export async function bundlePage(): Promise<void> {
  const sources = (names: string[], type: string) =>
    Object.fromEntries(names.map((name) => [name, `worker/demo/${name}.${type}`]));
  await bundle({ entryPoints: sources(['page', 'playground', 'dashboard'], 'tsx') });
  await bundle({ entryPoints: sources(['docs', 'offline'], 'ts') });
  await bundle({ entryPoints: sources(['page', 'playground', 'dashboard', 'docs'], 'css') });
  await bundleDevice('device', 'wasm');
  await bundleDevice('device-webgpu', 'webgpu');
  placeFull(MODEL, join(RUNTIME, 'full'));
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
    jsx: 'automatic',
    jsxImportSource: 'preact',
    ...options,
    write: false,
  });
  for (const { path, contents } of outputFiles) writeChanged(path, contents);
}

/** Has the version in its name, so that browsers can cache the file forever. */
function placedName(binary: string): string {
  return binary.replace('ort-wasm-simd-threaded', `ort-${VERSION}`);
}

/** Replaces the file in one step, and only if it changed: wrangler reloads on every write. */
function writeChanged(path: string, contents: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, contents);
  renameSync(fresh, path);
}

if (import.meta.main) await bundlePage();
