/**
 * The examples, outside of this repository: installed with a packed client, compiled, and run as their README
 * says.
 */
import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../scripts/local-service.ts';
import { watchPage } from './browser.ts';
import { setStage } from './stage.ts';

const outside = mkdtempSync(join(tmpdir(), 'earn-edge-examples-'));

/**
 * Where wrangler's processes find each other by the names of their Workers; other services of this name may
 * run.
 */
process.env.WRANGLER_REGISTRY_PATH = join(outside, 'registry');

const stage = setStage();

async function run(program: string, args: string[], cwd?: string, env = {}) {
  const { stdout } = await promisify(execFile)(program, args, { cwd, env: { ...process.env, ...env } });
  return stdout.trim();
}

/** Starts an example's server, and returns once it has printed where it is. */
async function start(example: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const [program, ...rest] = args;
  const child = spawn(program, rest, {
    cwd: join(outside, example),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true, // a process group, so that what it starts ends with it
  });
  onTestFinished(() => {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL');
  });
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += chunk;
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(printed) ?? [];
    if (url) return url;
  }
  throw new Error(`${example} ended:\n${printed}`);
}

beforeAll(async () => {
  const printed = await run(process.execPath, ['scripts/client.ts', '--url', stage.server.url]);
  const { file } = JSON.parse(printed.split('\n').at(-1)!);
  mkdirSync(join(outside, 'client'));
  cpSync(file, join(outside, 'client', basename(file)));
  for (const example of ['node', 'browser', 'worker']) {
    const folder = join(outside, example);
    cpSync(join('examples', example), folder, {
      recursive: true,
      filter: (path) => basename(path) !== 'node_modules',
    });
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], folder);
  }
});

afterAll(() => rmSync(outside, { recursive: true, force: true }));

test.each(['node', 'browser', 'worker'])('%s compiles', async (example) => {
  await run('npm', ['run', 'typecheck'], join(outside, example));
});

test('the compiler refuses a request that the service would refuse', async () => {
  const wrong = `import { earnEdge } from 'earn-edge-client';
    const { data } = await earnEdge('').POST('/v1/recommendations', { body: { histroy: ['1'] } });
    console.log(data?.items[0].name);`;
  writeFileSync(join(outside, 'node', 'wrong.ts'), wrong);
  const args = [
    'tsc',
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    'wrong.ts',
  ];
  const { stdout } = await run('npx', args, join(outside, 'node')).catch((error) => error);
  expect(stdout).toContain("'histroy' does not exist");
  expect(stdout).toContain("Property 'name' does not exist");
});

test('Node: an order is stored, and the offers follow', async () => {
  const shop = (...args: string[]) =>
    run(process.execPath, ['recommend.ts', ...args], join(outside, 'node'), {
      EARN_EDGE_URL: stage.server.url,
    });
  const offers = await shop('customer-7', '1196', '260');
  expect(offers.split('\n')).toHaveLength(5);
  expect(offers).toMatch(/^1\. .*\(\d{4}\)$/m);
  expect(await shop('customer-7', '1196', '260')).toBe(offers); // the same order, sent again
  const log = await fetch(`${stage.server.url}/v1/users/customer-7/interactions`);
  expect(await log.json()).toMatchObject({ items: [{ id: '260' }, { id: '1196' }] });
  await expect(shop('customer-7', '')).rejects.toThrow('invalid_request: /items/0/id');
});

test('browser: a page of another origin asks through its own server', async () => {
  const url = await start('browser', [process.execPath, 'server.ts'], {
    PORT: `${await freePort()}`,
    EARN_EDGE_URL: stage.server.url,
  });
  const page = await stage.browser.newPage();
  const problems = watchPage(page, url);
  await page.goto(url);
  await page.getByRole('searchbox').fill('toy story');
  await page.getByRole('searchbox').press('Enter');
  await page.getByRole('button', { name: 'Toy Story (1995)' }).click();
  const next = page.getByRole('list', { name: 'Next' }).getByRole('listitem');
  await next.nth(4).waitFor();
  expect(await next.count()).toBe(5);
  expect(problems).toEqual([]);
  expect((await fetch(`${url}/v1/users/ada`)).status).toBe(404); // the server passes on no more than the page needs
  const direct = page.evaluate(
    (service) => fetch(`${service}/v1/items`).then(({ ok }) => ok),
    stage.server.url,
  );
  await expect(direct).rejects.toThrow('Failed to fetch'); // no CORS headers
  await page.close();
});

test('another Worker asks through a service binding', async () => {
  const wrangler = [
    'node_modules/.bin/wrangler',
    'dev',
    '--ip',
    '127.0.0.1',
    '--port',
    `${await freePort()}`,
  ];
  const url = await start('worker', wrangler, { WRANGLER_SEND_METRICS: 'false' });
  const look = async (film: string) => {
    const response = await fetch(`${url}/films/${film}`, { headers: { Cookie: 'visitor=bob' } });
    return (await response.json()) as { recommended: { id: string; title: string }[] };
  };
  const { recommended } = await look('1196');
  expect(recommended).toHaveLength(4);
  expect((await look('260')).recommended).not.toEqual(recommended);
  const user = await fetch(`${stage.server.url}/v1/users/bob`);
  expect(await user.json()).toMatchObject({ length: 2 });
  expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
});
