/**
 * A newcomer's way, as the README has it: a made-up shop, one command to a model, which is served. All of it
 * real, training included.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CIRCLE, exampleItem, TASTES } from '../../scripts/data/datasets/example.ts';
import { type Server, startServer } from '../../scripts/local-service.ts';
import { npmCommandsOf } from './commands.ts';

const [data, make, start] = npmCommandsOf('README.md', 'npm run data -- example');

let folder: string;
let server: Server | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'earn-edge-make-'));
  execFileSync(process.execPath, [data.script, ...data.args], { cwd: folder });
});

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** `npm run make` in a folder of its own, where data and runs stay. */
function startMake(): ChildProcess {
  return spawn(process.execPath, [make.script, ...make.args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/**
 * SIGTERM after so many epochs; what it said of its training, which ends with the last process that could say
 * more.
 */
async function interruptedAfter(epochs: number): Promise<string> {
  const made = startMake();
  made.stdout!.resume();
  let said = '';
  made.stderr!.on('data', (chunk) => {
    said += chunk;
    // Once: a second signal would end it before it has exited by itself.
    if (!made.killed && said.includes(`"epoch": ${epochs},`)) made.kill('SIGTERM');
  });
  const [status] = await once(made, 'close');
  expect(status).toBe(128 + 15);
  return said;
}

const epochsOf = (said: string) => [...said.matchAll(/"epoch": (\d+),/g)].map(([, epoch]) => Number(epoch));

test('made from a log, interrupted and started again, the model knows what comes next', async () => {
  const before = epochsOf(await interruptedAfter(3));
  expect(before.slice(0, 3)).toEqual([1, 2, 3]);

  const made = startMake();
  const [printed, said, [status]] = await Promise.all([
    text(made.stdout!),
    text(made.stderr!),
    once(made, 'exit'),
  ]);
  expect(status, said).toBe(0);
  const resumed = Number(/resumed after epoch (\d+)/.exec(said)?.[1]);
  expect(resumed).toBeGreaterThanOrEqual(2); // killed before the third was saved, or later
  const after = epochsOf(said);
  expect(after[0]).toBe(resumed + 1);
  expect(after.length).toBeGreaterThan(before.length); // the first run did not train on by itself

  // The newest events that it may know are in what is served.
  expect(JSON.parse(readFileSync(join(folder, 'my-shop', 'manifest.json'), 'utf8')).refit).toBe(true);
  const { results, yardsticks, default: ranker } = JSON.parse(printed.trimEnd().split('\n').at(-1)!);
  // One purchase in ten can't be foreseen.
  expect(results[ranker]['ndcg@10']).toBeGreaterThan(0.7);
  expect(yardsticks.popular['ndcg@10']).toBeLessThan(0.2);
});

/** The JSON line with which a verifying command ends; its exit status is 0. */
function verified(name: string, ...args: string[]) {
  const script = resolve('scripts/verify', `${name}.ts`);
  const printed = execFileSync(process.execPath, [script, ...args], { cwd: folder });
  return JSON.parse(`${printed}`.trimEnd().split('\n').at(-1)!);
}

test('the graphs compute what PyTorch does', () => {
  const checked = verified(
    'pytorch',
    '--checkpoint',
    'runs/my-shop',
    '--data',
    'data/my-shop',
    '--users',
    '30',
  );
  expect(checked).toMatchObject({ users: 30, passed: true });
});

test('returning users get what they would get from scratch, and only what is new is prefilled', () => {
  const checked = verified('incremental', '--model', 'my-shop', '--data', 'data/my-shop', '--users', '60');
  expect(checked).toMatchObject({
    users: 60,
    state_mismatches: 0,
    list_mismatches: 0,
    prefill_excess_items: 0,
  });
});

test('served, it recommends the next item of the circle', async () => {
  expect(start.args).toEqual(['--model', 'my-shop']);
  server = await startServer({ model: join(folder, 'my-shop') });
  let right = 0;
  for (const taste of TASTES.keys()) {
    for (let start = 0; start < CIRCLE; start++) {
      const bought = [0, 1, 2, 3, 4].map((step) => exampleItem(taste, start + step));
      const history = bought.map((id) => ({ id, type: 'purchase' }));
      const response = await fetch(`${server.url}/v1/recommendations`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ history, k: 1 }),
      });
      expect(response.status).toBe(200);
      const { items, source } = await response.json();
      expect(source).toBe('model');
      if (items[0].id === exampleItem(taste, start + 5)) right++;
    }
  }
  expect(right / (TASTES.length * CIRCLE)).toBeGreaterThan(0.8); // guessing within the circle: 0.05
});
