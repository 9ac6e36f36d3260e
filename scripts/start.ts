/**
 * `npm start [-- --model DIR]`: the service on http://127.0.0.1:8787 (`PORT` changes it), with the embedded model or
 * another one. Further flags go to `wrangler dev`.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const at = args.indexOf('--model');
const [, model = 'model-shards'] = at < 0 ? [] : args.splice(at, 2);
const folder = resolve(root, model);
if (!existsSync(join(folder, 'manifest.json'))) {
  console.error(`${folder} holds no model (manifest.json); npm run build:model writes one`);
  process.exit(1);
}
const port = process.env.PORT ?? '8787';
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

warmUp();
