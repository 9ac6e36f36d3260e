/**
 * `npm run bench:size`: the size of what `npm run deploy` uploads, and the memory of an isolate, against
 * their budgets.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { runChild } from '../child.ts';
import { type Context, defineCommand, runCommand } from '../command.ts';
import { passed, type Sizes } from './budgets.ts';
import { isolateMemory } from './isolate-memory.ts';
import { round } from './statistics.ts';

const MODEL = 'model-shards';

/** Files that are deployed together. */
export interface Part {
  part: string;
  files: number;
  kb: number;
  /** With zlib's default level, as wrangler counts. */
  gzip_kb: number;
  largest_kb: number;
}

function partOf(part: string, files: string[]): Part {
  const bytes = files.map((file) => statSync(file).size);
  const kb = (bytes: number) => round(bytes / 1e3, 1);
  return {
    part,
    files: files.length,
    kb: kb(bytes.reduce((sum, size) => sum + size, 0)),
    gzip_kb: kb(files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0)),
    largest_kb: kb(Math.max(0, ...bytes)),
  };
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** What a visit to the demo page fetches, and one of the two device scripts if the model runs there. */
const VISIT = ['index.html', 'page.css', 'page.js', 'icon.svg'];
const DEVICE = ['device.js', 'device-webgpu.js'];

/** Of these files of the upload, whose names begin with a hash. */
function visitKb(files: string[]): number {
  const gzipKb = (name: string) =>
    partOf(
      name,
      files.filter((file) => file.endsWith(`-${name}`)),
    ).gzip_kb;
  const page = VISIT.map(gzipKb).reduce((sum, kb) => sum + kb, 0);
  return round(page + Math.max(...DEVICE.map(gzipKb)), 1);
}

/** The Worker: its script, the runtime's binary and the pages' files; and what a visit fetches of these. */
async function uploadParts(): Promise<{ parts: Part[]; visit: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'earn-edge-upload-'));
  try {
    await runChild('wrangler', ['deploy', '--dry-run', '--outdir', folder], { capture: true });
    // A source map stays here unless it is asked for, and so does wrangler's note.
    const files = filesOf(folder).filter((file) => !['.map', '.md'].includes(extname(file)));
    const script = join(folder, 'index.js');
    const isWasm = (file: string) => extname(file) === '.wasm';
    const pages = files.filter((file) => file !== script && !isWasm(file));
    const parts = [partOf('script', [script]), partOf('wasm', files.filter(isWasm)), partOf('page', pages)];
    return { parts, visit: visitKb(pages) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * What becomes assets: the model, and the runtime for browsers, which the deployment's build puts beside it.
 */
function assetParts(): Part[] {
  const runtime = filesOf(join(MODEL, 'runtime'));
  const model = filesOf(MODEL).filter((file) => !runtime.includes(file));
  const isShard = (file: string) => file.includes('weights-');
  return [
    partOf('shards', model.filter(isShard)),
    partOf(
      'rest of the model',
      model.filter((file) => !isShard(file)),
    ),
    partOf('runtime for browsers', runtime),
  ];
}

async function measure(requests: number, { command, print }: Context): Promise<void> {
  const { parts: uploaded, visit } = await uploadParts();
  const [script, wasm, page] = uploaded;
  const [shards, rest, runtime] = assetParts();
  const parts = [script, wasm, page, shards, rest, runtime];
  const { loaded, early, last, peak_mb, growth_mb } = await isolateMemory(MODEL, requests);
  const table = new console.Console(process.stderr);
  table.table(parts);
  table.table([loaded, early, last]);
  table.log(`The largest seen: ${peak_mb} MB`);
  const mb = (kb: number) => round(kb / 1e3, 2);
  const sizes: Sizes = {
    script_gzip_kb: script.gzip_kb,
    wasm_gzip_kb: wasm.gzip_kb,
    page_gzip_kb: visit,
    pages_gzip_kb: page.gzip_kb,
    upload_mb: mb(script.kb + wasm.kb + page.kb),
    model_mb: mb(shards.kb + rest.kb),
    model_gzip_mb: mb(shards.gzip_kb + rest.gzip_kb),
    largest_asset_mb: mb(Math.max(shards.largest_kb, rest.largest_kb, runtime.largest_kb)),
    isolate_mb: last.mb,
    isolate_growth_mb: growth_mb,
  };
  table.table(sizes);
  const over = passed(sizes);
  for (const line of over) console.error(`bench:size: ${line}`);
  print(JSON.stringify({ command, ...sizes, parts, memory: { loaded, early, last, peak_mb } }));
  if (over.length > 0) process.exitCode = 1;
}

const command = defineCommand({
  usage: `npm run bench:size [-- options]

Measures what \`npm run deploy\` uploads, as it is and gzipped, and the memory of an isolate after requests of
mixed users. Exits 1 when one of the budgets in scripts/bench/budgets.json is exceeded. The last line printed
is a JSON object.`,
  options: {
    requests: {
      type: 'integer',
      min: 100,
      default: 1000,
      description: 'requests before memory is read last',
    },
  },
  main: ({ requests }, context) => measure(requests, context),
});

if (import.meta.main) await runCommand(command);
