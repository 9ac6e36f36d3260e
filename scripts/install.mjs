// Runs before `npm start`, `npm test` and `npm run deploy`, so that they work on a fresh clone.
// Plain JavaScript: on a fresh clone it runs on the machine's own Node.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

const lock = new URL('../package-lock.json', import.meta.url);
const installed = new URL('../node_modules/.package-lock.json', import.meta.url);

const upToDate = existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
if (!upToDate) {
  // Shows errors only: on Node 20 npm would warn that wrangler, vitest and others need Node 22 (EBADENGINE).
  // npm checks the Node that it runs on itself. The scripts run on Node 24, which the package `node` among
  // the dependencies puts first on their PATH.
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: new URL('..', import.meta.url),
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  process.exit(status ?? 1);
}
