/** `npm start`: the service under `wrangler dev`, with the embedded model or another one. */
import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { cpSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { defineCommand, runCommand } from './command.ts';
import { UserError } from './errors.ts';
import { UsageError } from './options.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HOST = '127.0.0.1';

const command = defineCommand({
  usage: `npm start [-- options] [-- flags of wrangler dev]

Serves the embedded model, or another one, on http://${HOST}:8787. The variable PORT names another port.`,
  options: {
    model: {
      type: 'folder',
      holds: 'manifest.json',
      default: relative('.', join(ROOT, 'model-shards')),
      description: 'the model to serve, as `npm run build:model` writes it',
    },
    candidate: {
      type: 'folder',
      holds: 'manifest.json',
      description: 'a second model, for a share of the users (-- --var CANDIDATE_SHARE:50)',
    },
  },
  rest: 'flags of wrangler dev',
  async main({ model, candidate }, { rest, print }) {
    const port = portOf(process.env.PORT ?? '8787');
    await checkFree(port);
    const folder = candidate ? together(resolve(model), resolve(candidate), port) : resolve(model);
    await startWrangler(folder, port, rest);
    for await (const line of describeHealth(`http://${HOST}:${port}`)) print(line);
  },
});

/** @throws {UsageError} when PORT is no port */
function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new UsageError(`PORT: expected a whole number from 1 to 65535, found ${text}`);
}

/** @throws {UserError} when the port can't be listened on */
async function checkFree(port: number): Promise<void> {
  const probe = createServer();
  try {
    await once(probe.listen(port, HOST), 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? `port ${port} is in use by another program` : message;
    throw new UserError(`${reason}; PORT=${port === 8787 ? 8788 : 8787} npm start uses another port`);
  }
  await promisify(probe.close).call(probe);
}

/**
 * Starts `wrangler dev`, and returns when wrangler reports over IPC that it listens. (An answer on the port
 * could come from another program.) Exits when wrangler exits.
 */
async function startWrangler(folder: string, port: number, flags: string[]): Promise<void> {
  const wrangler = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
  const dev = ['dev', '--ip', HOST, '--port', `${port}`, '--show-interactive-dev-session=false'];
  const child = spawn(process.execPath, [wrangler, ...dev, '--assets', folder, ...flags], {
    cwd: ROOT,
    env: { WRANGLER_SEND_METRICS: 'false', ...process.env, MODEL_DIR: folder },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Waits for wrangler to end instead of exiting at once: until then it uses the state folder.
    process.removeAllListeners(signal);
    process.on(signal, () => child.kill(signal));
  }
  child.once('exit', (status) => process.exit(status ?? 1));
  for await (const [message] of on(child, 'message')) {
    if (JSON.parse(message).event === 'DEV_SERVER_READY') return;
  }
}

interface Health {
  model?: { id: string; name: string; items: number };
  /** What the problem is, if there is one. */
  detail?: string;
}

/** Asks for the model's health, which loads the model before the first visitor comes. */
async function* describeHealth(url: string): AsyncGenerator<string> {
  const response = await fetch(`${url}/healthz`);
  const { model, detail }: Health = await response.json();
  if (model) {
    yield `\nearn-edge is ready: ${url}`;
    yield `model ${model.name}, id ${model.id}, ${model.items.toLocaleString('en-US')} items\n`;
  } else {
    yield `\nearn-edge can't recommend: ${url}\n${detail ?? response.status}\n`;
  }
}

/** Copies of both models as a deployment has them: the candidate in a folder inside the current one. */
function together(model: string, candidate: string, port: number): string {
  const folder = join(ROOT, `node_modules/.cache/models-${port}`);
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

if (import.meta.main) await runCommand(command);
