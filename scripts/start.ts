/** `npm start`: the service with the embedded model on http://127.0.0.1:8787 (`PORT` changes it). */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const port = process.env.PORT ?? '8787';
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
