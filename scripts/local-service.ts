/** Starts the service as `npm start` does, on a free port, with a state folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Server {
  url: string;
  /** What the server printed so far. */
  output(): string;
  /** SIGTERM, and waits until the process group is gone. */
  stop(): Promise<void>;
  /** SIGKILL for the whole process group, so that nothing can be saved. The state folder stays. */
  kill(): Promise<void>;
}

export interface ServerOptions {
  /** The model's folder. @default the embedded model */
  model?: string;
  /** The folder of a second model. */
  candidate?: string;
  /** Percent of the users whom it answers. */
  share?: number;
  /** Folder for users' logs and states; it is kept. @default a temporary folder */
  state?: string;
  /** Further arguments of `wrangler dev`. */
  wrangler?: string[];
}

/**
 * Starts the service and waits until it answers. @throws an Error with what the server printed, when it ends
 * instead
 */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const { model, candidate, share, state: given, wrangler = [] } = options;
  const state = given ?? mkdtempSync(join(tmpdir(), 'earn-edge-state-'));
  const port = await freePort();
  const models = Object.entries({ model, candidate, share }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, `${value}`],
  );
  const args = [...models, '--', '--persist-to', state, ...wrangler];
  const child = spawn(process.execPath, ['scripts/start.ts', ...args], {
    env: { ...process.env, PORT: `${port}` },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a process group, so that workerd ends with it
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const url = `http://127.0.0.1:${port}`;
  await listening(child, url, () => output);
  return {
    url,
    output: () => output,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid!, 'SIGTERM');
        await once(child, 'exit');
      }
      if (!given) rmSync(state, { recursive: true, force: true });
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      process.kill(-child.pid!, 'SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function listening(child: ChildProcess, url: string, output: () => string): Promise<void> {
  while (child.exitCode === null) {
    const answered = await fetch(`${url}/icon.svg`).then(
      ({ ok, status }) => ok || status === 401, // 401: a deployment without keys
      () => false,
    );
    if (answered) return;
    await sleep(200);
  }
  throw new Error(`the server ended:\n${output()}`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
