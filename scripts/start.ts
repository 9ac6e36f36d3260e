/**
 * `npm start [-- --model DIR] [--candidate DIR]`: the service on http://127.0.0.1:8787 (`PORT` changes it), with the
 * embedded model or another one, and beside it the one that is to replace it. Further flags go to `wrangler dev`.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const model = folderOf('--model', 'model-shards')!;
const candidate = folderOf('--candidate');
const port = process.env.PORT ?? '8787';
const folder = candidate ? together(model, candidate) : model;
const url = `http://127.0.0.1:${port}`;
const child = spawn(
  'wrangler',
  [
    ...['dev', '--ip', '127.0.0.1', '--port', port, '--show-interactive-dev-session=false'],
    ...['--assets', folder, ...args],
  ],
  {
    cwd: root,
    env: { WRANGLER_SEND_METRICS: 'false', ...process.env, MODEL_DIR: folder },
    stdio: 'inherit',
    shell: process.platform === 'win32',
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('error', (error) => console.error(`wrangler: ${error.message}; run npm install first`));
child.on('exit', (status) => process.exit(status ?? 1));

/** Asks for the model's health until the server listens, so that a first visitor does not wait for its load. */
async function warmUp(): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/healthz`).catch(() => null);
    if (response) {
      const state = response.ok ? 'is ready' : 'can not recommend';
      console.log(`\nearn-edge ${state}: ${url}\n${await response.text()}\n`);
      return;
    }
    await sleep(200);
  }
}

/** The flag's folder, or else the usual one; ends the command unless it holds a model. */
function folderOf(flag: string, usual?: string): string | undefined {
  const at = args.indexOf(flag);
  const [, name = usual] = at < 0 ? [] : args.splice(at, 2);
  if (name === undefined) return undefined;
  const folder = resolve(root, name);
  if (existsSync(join(folder, 'manifest.json'))) return folder;
  console.error(`${folder} holds no model (manifest.json); npm run build:model writes one`);
  process.exit(1);
}

/** Copies of both as a deployment has them: the candidate in a folder of the current model's. */
function together(model: string, candidate: string): string {
  const folder = join(root, `node_modules/.cache/models-${port}`);
  rmSync(folder, { recursive: true, force: true });
  for (const [from, to] of [
    [model, folder],
    [candidate, join(folder, 'candidate')],
  ]) {
    const filter = (path: string) => !['runtime', 'candidate'].includes(relative(from, path));
    cpSync(from, to, { recursive: true, filter });
  }
  return folder;
}

warmUp();
