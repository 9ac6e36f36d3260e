/** `npm start`: the service under `wrangler dev`, with the embedded model or another one. */
import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { defineCommand, runCommand } from './command.ts';
import { UserError } from './errors.ts';
import { UsageError } from './options.ts';
import { describe, prepareServing, ROOT, SERVING_OPTIONS, type Serving } from './serving.ts';

const HOST = '127.0.0.1';

const command = defineCommand({
  usage: `npm start [-- options] [-- flags of wrangler dev]

Serves the embedded model, or another one, on http://${HOST}:8787. The variable PORT names another port.`,
  options: SERVING_OPTIONS,
  rest: 'flags of wrangler dev',
  async main(chosen, { rest, print }) {
    const port = portOf(process.env.PORT ?? '8787');
    await checkFree(port);
    const serving = await prepareServing(chosen, `${port}`);
    await startWrangler(serving, port, rest);
    for await (const line of describeHealth(`http://${HOST}:${port}`, serving)) print(line);
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
async function startWrangler({ flags, env }: Serving, port: number, rest: string[]): Promise<void> {
  const wrangler = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
  const dev = ['dev', '--ip', HOST, '--port', `${port}`, '--show-interactive-dev-session=false'];
  const open = rest.some((flag) => flag.startsWith('ACCESS:')) ? [] : ['--var', 'ACCESS:open'];
  const child = spawn(process.execPath, [wrangler, ...dev, ...flags, ...open, ...rest], {
    cwd: ROOT,
    env: { WRANGLER_SEND_METRICS: 'false', ...process.env, ...env },
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

/** Asks for the models' health, which loads them before the first visitor comes. */
async function* describeHealth(url: string, { model, candidate }: Serving): AsyncGenerator<string> {
  const problem = await problemOf(url, 'current');
  yield problem ? `\nearn-edge can't recommend: ${url}\n${problem}` : `\nearn-edge is ready: ${url}`;
  yield `model      ${describe(model)}`;
  if (candidate) {
    const trouble = await problemOf(url, 'candidate');
    yield `candidate  ${describe(candidate)}${trouble ? `, which can't recommend: ${trouble}` : ''}`;
  }
}

/** Why a model can't recommend, or undefined. */
async function problemOf(url: string, name: string): Promise<string | undefined> {
  const response = await fetch(`${url}/healthz`, { headers: { 'X-Model': name } });
  if (response.ok) return undefined;
  const { detail }: { detail?: string } = await response.json();
  return detail ?? `${response.status}`;
}

if (import.meta.main) await runCommand(command);
