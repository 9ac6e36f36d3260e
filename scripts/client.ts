/** `npm run client`: the typed client as a package, from the OpenAPI document of a service. */
import { rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from './child.ts';
import { defineCommand, runCommand } from './command.ts';
import { UserError } from './errors.ts';
import { startServer } from './local-service.ts';

const FOLDER = fileURLToPath(new URL('../examples/client', import.meta.url));

const command = defineCommand({
  usage: `npm run client [-- --url URL]

Builds examples/client and packs it, for \`npm install FILE\` in any project. Its types are those of the service at the
URL, or else of this one. The last line printed is a JSON object.`,
  options: {
    url: { type: 'string', value: 'URL', description: 'a service that runs already' },
  },
  async main({ url }, { print }) {
    print(JSON.stringify({ file: await packClient(url) }));
  },
});

/** Packs the client of the service at `url`, or of this one. Returns the file. */
async function packClient(url?: string): Promise<string> {
  writeFileSync(join(FOLDER, 'openapi.json'), await (url ? documentOf(url) : ownDocument()));
  rmSync(join(FOLDER, 'dist'), { recursive: true, force: true });
  const npm = (...args: string[]) => runChild('npm', ['--prefix', FOLDER, ...args], { capture: true });
  await npm('ci', '--no-audit', '--no-fund', '--loglevel=error');
  await npm('run', 'build');
  const name = await npm('pack', FOLDER, '--pack-destination', FOLDER, '--silent');
  return relative('.', join(FOLDER, name.trim()));
}

async function ownDocument(): Promise<string> {
  const server = await startServer();
  try {
    return await documentOf(server.url);
  } finally {
    await server.stop();
  }
}

/** @throws {UserError} when there is no such document */
async function documentOf(url: string): Promise<string> {
  if (!URL.canParse(url)) throw new UserError(`--url: expected a URL, found ${url}`);
  const place = new URL('/openapi.json', url);
  const response = await fetch(place).catch(() => undefined);
  if (!response?.ok) throw new UserError(`${place}: ${response?.status ?? 'nobody answers'}`);
  return response.text();
}

if (import.meta.main) await runCommand(command);
