/** `npm start`: the service with the embedded model on http://127.0.0.1:8787 (`PORT` changes it). */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const port = process.env.PORT ?? '8787';
const url = `http://127.0.0.1:${port}`;
const child = spawn(
  'wrangler',
  [
    'dev',
    '--ip',
    '127.0.0.1',
    '--port',
    port,
    '--show-interactive-dev-session=false',
    ...process.argv.slice(2),
  ],
  {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { WRANGLER_SEND_METRICS: 'false', ...process.env },
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
