/**
 * The demo page's scripts and styles, bundled for browsers, and the runtime's binary beside the model's files. `wrangler` runs
 * it before it bundles the Worker (`[build]` in wrangler.toml), vitest before its tests.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Outside `worker`, which wrangler watches: a build must not cause the next one. */
const BUNDLE = join(ROOT, 'bundle');
/**
 * Among the assets: 14 MB would be too much for a script that every isolate keeps in memory. `MODEL_DIR` names another
 * model's folder, as `npm start -- --model` does.
 */
const RUNTIME = resolve(ROOT, process.env.MODEL_DIR ?? 'model-shards', 'runtime');

/** Writes `bundle/{page.js,device.js,page.css}` and `model-shards/runtime/`; files that are right stay untouched. */
export async function bundlePage(): Promise<void> {
  const runtime = placeRuntime();
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['page.ts', 'device.ts', 'page.css'].map((name) => `worker/page/${name}`),
    outdir: BUNDLE,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'eof',
    define: { RUNTIME: JSON.stringify(runtime) },
    logLevel: 'warning',
    write: false,
  });
  for (const { path, contents } of outputFiles) writeChanged(path, contents);
}

/** The binary under a name that changes with its version, so that browsers may keep it for good. */
function placeRuntime(): { url: string; bytes: number } {
  const require = createRequire(import.meta.url);
  const bytes = readFileSync(require.resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm'));
  const { version } = JSON.parse(
    readFileSync(join(ROOT, 'node_modules/onnxruntime-web/package.json'), 'utf8'),
  );
  const name = `ort-${version}.wasm`;
  writeChanged(join(RUNTIME, name), bytes);
  for (const other of readdirSync(RUNTIME)) {
    if (other !== name && other.endsWith('.wasm')) rmSync(join(RUNTIME, other));
  }
  return { url: `/runtime/${name}`, bytes: bytes.length };
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
