/**
 * Once round: a shop's log becomes a model, customers go on with it, and what they did becomes the next
 * model, which takes over and gives way again. All of it real: training, `wrangler dev`, the outbox, the
 * export.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type ExampleEvent,
  exampleEvents,
  exampleItems,
  LAUNCH,
} from '../../scripts/data/datasets/example.ts';
import { type Case, heldOut, readDataset } from '../../scripts/dataset.ts';
import { readRanks } from '../../scripts/evaluate/ranks.ts';
import { type Server, type ServerOptions, startServer } from '../../scripts/local-service.ts';
import { withOutbox } from './outbox.ts';

const FLAGS = ['--target', 'purchase', '--negative', 'return'];
const MANY = 20; // requests at the same time

const logs = Map.groupBy(exampleEvents(), ({ user }) => user);
const users = [...logs.keys()];
const isLater = ({ time }: ExampleEvent) => time >= LAUNCH;
const newProducts = new Set(
  exampleItems().flatMap(({ id, since }) => (Date.parse(since) / 1000 < LAUNCH ? [] : [id])),
);

const outbox = withOutbox();
let folder: string;
let server: Server;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'earn-edge-circle-'));
  mkdirSync(join(folder, 'shop'));
});

afterAll(async () => {
  await server?.stop();
  outbox.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command in a folder of its own; what it printed. */
function run(script: string, ...args: string[]): string {
  return execFileSync(process.execPath, [resolve('scripts', script, 'main.ts'), ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
}

const lastJson = (printed: string) => JSON.parse(printed.trimEnd().split('\n').at(-1)!);

/** The service with these models, and the users that it had before. */
async function serve(models: Pick<ServerOptions, 'model' | 'candidate' | 'share'>): Promise<void> {
  await server?.stop();
  server = await startServer({ ...models, state: join(folder, 'state'), wrangler: outbox.flags });
}

async function ask(path: string, body?: object, headers: Record<string, string> = {}) {
  const init = body && { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${server.url}/v1/${path}`, {
    ...init,
    headers: { ...(body && { 'Content-Type': 'application/json' }), ...headers },
  });
  const answer = await response.json();
  expect(response.ok, JSON.stringify(answer)).toBe(true);
  return answer;
}

/** `each` of all, some at the same time, in their order. */
async function forAll<T, R>(all: readonly T[], each: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let at = 0; at < all.length; at += MANY) {
    done.push(...(await Promise.all(all.slice(at, at + MANY).map(each))));
  }
  return done;
}

const listOf = (user: string) => ask(`users/${user}/recommendations?k=20`);
const idsOf = ({ items }: { items: { id: string }[] }) => items.map(({ id }) => id);
const rowsOf = (events: ExampleEvent[]) =>
  events.map(({ user, item, time, type }) => `${user},${item},${time}.0,${type}`);

const [first, second] = ['served', 'my-shop'].map((name) => () => join(folder, name));
/** By user, of the first model after all that happened. */
let lists: string[][];
/** How many users the candidate answered. */
let theirs: number;

test('made of what there is, the first model serves, and customers go on', async () => {
  const items = exampleItems().filter(({ id }) => !newProducts.has(id));
  const before = [...logs.values()].flat().filter((event) => !isLater(event));
  const rows = before.map(({ user, item, time, type }) => [user, item, time, type].join());
  writeFileSync(
    join(folder, 'shop/interactions.csv'),
    `user_id,item_id,timestamp,event\n${rows.join('\n')}\n`,
  );
  writeFileSync(join(folder, 'shop/items.jsonl'), items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  const made = lastJson(run('make', '--from', 'shop', '--out', 'my-shop', ...FLAGS));
  expect(made.results[made.default]['ndcg@10']).toBeGreaterThan(made.yardsticks.popular['ndcg@10']);
  cpSync(second(), first(), { recursive: true });

  await serve({ model: first() });
  run('import', '--users', 'shop/interactions.csv', '--url', server.url);
  await forAll(users, async (user) => {
    const later = logs.get(user)!.filter(isLater);
    const sent = later.map(({ item, time, type }) => ({ id: item, timestamp: time, type }));
    if (sent.length > 0) await ask(`users/${user}/interactions`, { items: sent });
  });
  lists = (await forAll(users, listOf)).map(idsOf);
  expect(lists.flat().some((id) => newProducts.has(id))).toBe(false);
});

test('all of it comes back, and the next model is better on what is newest', async () => {
  const exported = () => {
    run('export', '--url', server.url, '--out', 'log.csv');
    return readFileSync(join(folder, 'log.csv'), 'utf8').trimEnd().split('\n').slice(1);
  };
  const all = rowsOf([...logs.values()].flat()).toSorted();
  // A batch waits for some seconds before it is archived.
  await expect.poll(() => exported().toSorted(), { timeout: 120_000, interval: 3000 }).toEqual(all);

  writeFileSync(
    join(folder, 'catalogue.jsonl'),
    exampleItems()
      .map((item) => `${JSON.stringify(item)}\n`)
      .join(''),
  );
  const printed = run(
    'make',
    '--from',
    'log.csv',
    '--items',
    'catalogue.jsonl',
    '--out',
    'my-shop',
    ...FLAGS,
  );
  expect(printed).toContain('warm start');
  const { replaced, comparison } = lastJson(printed);
  expect(replaced).toBe(true);
  expect(comparison).toMatchObject({ newest: true });
  const [, lowest] = comparison['ndcg@10'];
  expect(lowest).toBeGreaterThan(0);
});

test('as a candidate it answers its share, and what the evaluation says is what the service gives', async () => {
  await serve({ model: first(), candidate: second(), share: 50 });
  const [current, candidate] = await Promise.all(
    ['current', 'candidate'].map(async (name) => {
      const response = await fetch(`${server.url}/healthz`, { headers: { 'X-Model': name } });
      return (await response.json()).model.id;
    }),
  );
  const answers = await forAll(users, listOf);
  const byCandidate = answers.filter(({ model }) => model.id === candidate);
  theirs = byCandidate.length;
  expect(Math.abs(theirs / users.length - 0.5)).toBeLessThan(0.15); // a hash of 200 ids decides
  expect(byCandidate.flatMap(idsOf).some((id) => newProducts.has(id))).toBe(true);
  for (const [at, answer] of answers.entries()) {
    if (answer.model.id === current) expect(idsOf(answer)).toEqual(lists[at]);
  }

  const data = join(folder, 'data/my-shop');
  run('evaluate', '--model', 'my-shop', '--data', data, '--rankers', 'latent', '--ranks', 'ranks.csv');
  const ranks = [...readRanks(join(folder, 'ranks.csv'), 'latent')];
  expect(ranks.length).toBeGreaterThan(0.9 * users.length);
  const cases = heldOut(await readDataset(data), 'test');
  const byName = new Map<string, Case>(cases.map((each) => [`${each.user} ${each.place}`, each]));
  const served = await forAll(ranks, async ([name]) => {
    const { target, events } = byName.get(name)!;
    const history = events.map(({ item, type }) => ({ id: item, type }));
    const list = await ask(
      'recommendations',
      { history, k: 20, ranker: 'latent' },
      { 'X-Model': 'candidate' },
    );
    const rank = idsOf(list).indexOf(target);
    return rank < 0 ? Infinity : rank;
  });
  expect(served).toEqual(ranks.map(([, rank]) => rank));
});

test('forward and back: every user has the whole history, and the list of before', async () => {
  await serve({ model: second() });
  const forward = await forAll(users, listOf);
  // The candidate's states are there already.
  expect(forward.filter(({ cache }) => cache.status === 'hit')).toHaveLength(theirs);
  expect(new Set(forward.map(({ model }) => model.id)).size).toBe(1);

  await serve({ model: first() });
  expect((await forAll(users, listOf)).map(idsOf)).toEqual(lists);
  await forAll(users, async (user) => {
    const { items } = await ask(`users/${user}/interactions?limit=1000`);
    const stored = items
      .toReversed()
      .map(({ id, type, timestamp }: Record<string, string>) => [id, type, timestamp]);
    expect(stored).toEqual(logs.get(user)!.map(({ item, type, time }) => [item, type, time]));
  });
});
