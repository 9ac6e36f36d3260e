/** `npm run import` against a service of a few lines; `test/e2e/import.test.ts` has the real one. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { type ImportOptions, importHistories } from '../../scripts/import/main.ts';
import { Service } from '../../scripts/import/service.ts';
import type { Event } from '../../worker/history/event.ts';
import type { Interaction } from '../../worker/http/schemas/users.ts';
import { type Fault, flakyServer } from '../fixtures/flaky-server.ts';
import { MemoryLog } from '../service/memory.ts';
import { folder } from './helpers.ts';

const eventsOf = (items: Interaction[]): Event[] =>
  items.map(({ id: item, timestamp: time }) => ({ item, time }));

/**
 * The part of the API that an import uses, over logs in memory; a model that knows all but ids with an `x`.
 */
async function service(fault?: (request: Request) => Fault | undefined) {
  const log = new MemoryLog();
  const appended: number[] = [];
  async function answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const user = decodeURIComponent(pathname.split('/')[3]);
    if (request.method === 'POST') {
      const { items }: { items: Interaction[] } = await request.json();
      const { length } = await log.append(user, eventsOf(items), request.headers.get('Idempotency-Key')!);
      appended.push(items.length);
      const unknown_items = items.map(({ id }) => id).filter((id) => id.includes('x'));
      return Response.json({ user_id: user, length, unknown_items }, { status: 201 });
    }
    if (!pathname.endsWith('/interactions')) return Response.json(await log.length(user));
    const cursor = searchParams.get('cursor');
    const { events, next } = await log.page(user, 1000, cursor === null ? null : Number(cursor));
    const items = events.map(({ item: id, time: timestamp }) => ({ id, timestamp }));
    return Response.json({ items, next_cursor: next === null ? null : `${next}` });
  }
  const server = await flakyServer(answer, fault);
  onTestFinished(() => server.stop());
  return {
    url: server.url,
    log,
    appended,
    /** What each user's log holds. */
    logs: () =>
      Object.fromEntries(
        [...log.users].map(([user, { events }]) => [
          user,
          events.map(({ item, time }) => [item, time].filter((value) => value !== undefined).join('@')),
        ]),
      ),
  };
}

/** A clock that stands still but for its sleeps. */
function pausedClock() {
  const sleeps: number[] = [];
  let now = Date.UTC(2026, 0, 1);
  const sleep = async (milliseconds: number) => {
    sleeps.push(milliseconds);
    now += milliseconds;
  };
  return { sleeps, clock: { now: () => now, sleep } };
}

async function imported(users: string, url: string, options: Partial<ImportOptions> = {}) {
  const printed: string[] = [];
  const usual = { concurrency: 8, progress: undefined, dropDuplicates: false };
  const print = (line: string) => printed.push(line);
  await importHistories({ users, url, ...usual, ...options }, print, pausedClock().clock);
  return { summary: JSON.parse(printed.pop()!), text: printed.join('\n') };
}

const CSV = 'user_id,item_id,timestamp\nada,b,2\nbob,x1,5\nada,a,1\nada,c,2\n';
const LOGS = { ada: ['a@1', 'b@2', 'c@2'], bob: ['x1@5'] };

test.each<[string, string | Buffer]>([
  ['log.csv', CSV],
  ['log.csv.gz', gzipSync(CSV)],
  ['log.inter', CSV.replaceAll(',', '\t').replace('user_id', 'user_id:token')],
  [
    'log.jsonl',
    `{"user_id":"ada","item_id":"b","timestamp":2,"rating":5}
{"user_id":"bob","item_id":"x1","timestamp":"1970-01-01T00:00:05Z"}
{"user_id":"ada","items":[{"id":"a","timestamp":1},{"id":"c","timestamp":2}]}\n`,
  ],
])('%s: each user oldest first, at one time in the order of the file', async (name, content) => {
  const { url, logs } = await service();
  const file = join(folder({ [name]: content }), name);
  const { summary, text } = await imported(file, url);
  expect(logs()).toEqual(LOGS);
  expect(summary).toEqual({
    users: 2,
    interactions: 4,
    sent: 4,
    skipped: 0,
    unknown_items: 1,
    duplicates_dropped: 0,
    retries: 0,
  });
  expect(text).toContain('1 items are unknown to the model (x1');
});

test('without timestamps the order of the file is kept, and an item may come twice', async () => {
  const { url, logs } = await service();
  const file = join(folder({ 'log.csv': 'item_id,user_id\nc,ada\na,ada\nc,ada\n' }), 'log.csv');
  await imported(file, url);
  expect(logs()).toEqual({ ada: ['c', 'a', 'c'] });
});

test('a long history is sent in batches, in order; awkward ids arrive as they are', async () => {
  const { url, logs, appended } = await service();
  const user = 'Zoë/?#% ,"';
  const ids = Array.from({ length: 2345 }, (_, index) => `i"${index}`);
  const lines = ids.map((id) => `${JSON.stringify({ user_id: user, item_id: id })}\n`);
  const file = join(folder({ 'log.jsonl': lines.join('') }), 'log.jsonl');
  await imported(file, url);
  expect(appended).toEqual([1000, 1000, 345]);
  expect(logs()).toEqual({ [user]: ids });
});

test.each([
  ['log.csv', `${CSV}ada,d,yesterday\n`, 'log.csv:6: timestamp: expected a number'],
  ['log.csv', `${CSV}ada,,4\n`, 'log.csv:6: item_id: expected 1 to 200 characters'],
  ['log.csv', `${CSV}..,a,4\n`, `log.csv:6: user_id: ".." can't be part of a URL's path`],
  ['log.csv', `${CSV}ada,d\n`, 'log.csv:6: columns: expected 3, found 2'],
  ['log.csv', `${CSV}ada,a,1\n`, 'log.csv:6: user_id, item_id, timestamp: the same as in line 4'],
  ['log.csv', 'user,item_id\na,b\n', 'log.csv:1: user_id: no such column, only user, item_id'],
  ['log.csv', 'user_id,item_id\n', 'log.csv: no interactions'],
  ['log.jsonl', '{"user_id":7,"item_id":"a"}', 'log.jsonl:1: user_id: expected text, found 7'],
  ['log.jsonl', '{"user_id":"u"}', 'log.jsonl:1: item_id: expected text, found nothing'],
  ['log.jsonl', '{"user_id":"u","items":[{"id":"a"},{}]}', 'log.jsonl:1: items[1].id: expected text'],
  ['log.jsonl', '{"user_id":"u","items":[null]}', 'log.jsonl:1: items[0].id: expected text'],
  ['log.jsonl', '{"user_id":"u","items":"a"}', 'log.jsonl:1: items: expected an array'],
  [
    'log.jsonl',
    '{"user_id":"u","item_id":"a","timestamp":true}',
    'log.jsonl:1: timestamp: expected a number',
  ],
  ['log.jsonl', '{"user_id":"u","item_id":"a"}\nnope', 'log.jsonl:2: json: not valid JSON'],
  [
    'log.jsonl',
    '{"user_id":"u","items":[{"id":"a","timestamp":1},{"id":"b"}]}',
    'log.jsonl:1: timestamp: user "u" has rows with a timestamp and rows without one',
  ],
])('%s, %j: stops before anything is sent', async (name, content, message) => {
  const { url, logs } = await service();
  const path = folder({ [name]: content });
  await expect(imported(join(path, name), url)).rejects.toThrow(message);
  expect(logs()).toEqual({});
  expect(existsSync(join(path, `${name}.progress.jsonl`))).toBe(false);
});

test('a second run sends nothing; a grown file sends what is new', async () => {
  const { url, log, logs, appended } = await service();
  const file = join(folder({ 'log.csv': CSV }), 'log.csv');
  await imported(file, url);
  const again = await imported(file, url);
  expect(again.summary).toMatchObject({ sent: 0, skipped: 4, unknown_items: 1 });
  expect(appended.toSorted()).toEqual([1, 3]);

  for (const user of log.users.values()) user.keys.clear(); // as after a day
  appendFileSync(file, 'ada,d,3\ncyd,a,1\n');
  const grown = await imported(file, url);
  expect(grown.summary).toMatchObject({ users: 3, interactions: 6, sent: 2, skipped: 4 });
  expect(logs()).toEqual({ ...LOGS, ada: [...LOGS.ada, 'd@3'], cyd: ['a@1'] });
});

test('a file whose beginning is not what was sent stops the run', async () => {
  const { url, logs } = await service();
  const file = join(folder({ 'log.csv': CSV }), 'log.csv');
  await imported(file, url);
  appendFileSync(file, 'cyd,a,1\nada,between,1.5\n');
  await expect(imported(file, url)).rejects.toThrow(
    'the first 3 interactions of user "ada" are not those that were sent',
  );
  expect(logs()).toEqual(LOGS);
});

test('users who have a history get the imported one after it', async () => {
  const { url, log, logs } = await service();
  await log.append('bob', [{ item: 'x1', time: 5 }]);
  const file = join(folder({ 'log.csv': CSV }), 'log.csv');
  await imported(file, url);
  expect(logs()).toEqual({ ...LOGS, bob: ['x1@5', 'x1@5'] });
});

test('the progress belongs to one service, and no other file is taken for it', async () => {
  const [first, second] = [await service(), await service()];
  const path = folder({ 'log.csv': CSV });
  const file = join(path, 'log.csv');
  await imported(file, first.url);
  await expect(imported(file, second.url)).rejects.toThrow(`is of an import to ${first.url}; name another`);
  await expect(imported(file, second.url, { progress: file })).rejects.toThrow(
    'is not the progress of an import',
  );
  expect(readFileSync(file, 'utf8')).toBe(CSV);
  await imported(file, second.url, { progress: join(path, 'second.jsonl') });
  expect(second.logs()).toEqual(LOGS);
});

test('a line that the machine did not finish writing is dropped; a damaged one is an error', async () => {
  const { url, log, logs } = await service();
  const file = join(folder({ 'log.csv': CSV }), 'log.csv');
  await imported(file, url, { concurrency: 1 });
  const progress = `${file}.progress.jsonl`;
  const whole = readFileSync(progress);
  // Cut anywhere after the first line: a batch whose line was not whole had not been sent.
  for (let bytes = whole.indexOf('\n') + 1; bytes < whole.length; bytes += 5) {
    writeFileSync(progress, whole.subarray(0, bytes));
    for (const [user, { keys }] of log.users) {
      keys.clear(); // as after a day
      const sent = whole.indexOf('\n', whole.indexOf(`"sending":"${user}"`)) < bytes;
      if (!sent) log.users.delete(user);
    }
    await imported(file, url, { concurrency: 1 });
    expect(logs()).toEqual(LOGS);
  }
  writeFileSync(progress, `${whole.toString().replace('"stored"', '"stroed"')}`);
  await expect(imported(file, url)).rejects.toThrow(/log\.csv\.progress\.jsonl:\d: json: damaged/);
});

test('what was on its way when the import ended is looked for in the log', async () => {
  const { url, log, logs } = await service();
  const file = join(folder({ 'log.csv': CSV }), 'log.csv');
  const progress = `${file}.progress.jsonl`;
  await imported(file, url);
  // As if it had been killed before the answers came, a day ago; meanwhile ada went on, and came to have a
  // row again.
  const lines = readFileSync(progress, 'utf8').split('\n');
  writeFileSync(progress, lines.filter((line) => !line.includes('"stored"')).join('\n'));
  for (const user of log.users.values()) user.keys.clear();
  await log.append('ada', [{ item: 'a', time: 1 }]);
  const { summary, text } = await imported(file, url);
  expect(summary).toMatchObject({ sent: 0, skipped: 4 });
  expect(text).toContain('without an answer on which items the model knows');
  expect(logs()).toEqual({ ...LOGS, ada: [...LOGS.ada, 'a@1'] });
});

test('what was announced and did not arrive is sent, also when the same was in the log before', async () => {
  const { url, log, logs } = await service();
  const file = join(folder({ 'log.csv': 'user_id,item_id\nada,a\n' }), 'log.csv');
  await log.append('ada', [{ item: 'a' }, { item: 'b' }]);
  await imported(file, url);
  const progress = `${file}.progress.jsonl`;
  const lines = readFileSync(progress, 'utf8').split('\n');
  writeFileSync(progress, lines.filter((line) => !line.includes('"stored"')).join('\n'));
  const ada = log.users.get('ada')!;
  ada.keys.clear();
  ada.events.pop(); // as if the request had been lost
  await imported(file, url);
  expect(logs()).toEqual({ ada: ['a', 'b', 'a'] });
});

test('whatever fails on the way, every interaction arrives once', async () => {
  let requests = 0;
  const faults: (() => Fault)[] = [
    () => 'break before',
    () => 'break after',
    () => new Response('busy', { status: 503, headers: { 'Retry-After': '0' } }),
    () => new Response('slower', { status: 429, headers: { 'Retry-After': new Date(0).toUTCString() } }),
    () => new Response('broken', { status: 500 }),
  ];
  const { url, logs } = await service(() => {
    const each = requests++;
    return each % 3 === 0 ? undefined : faults[each % faults.length]();
  });
  const users = Array.from({ length: 12 }, (_, index) => `u${index}`);
  const rows = users.flatMap((user, index) => [`${user},a,1`, `${user},b${index},2`, `${user},c,3`]);
  const file = join(folder({ 'log.csv': `user_id,item_id,timestamp\n${rows.join('\n')}` }), 'log.csv');
  const { summary } = await imported(file, url, { concurrency: 3 });
  expect(summary.retries).toBeGreaterThan(10);
  expect(summary).toMatchObject({ sent: 36, skipped: 0 });
  expect(logs()).toEqual(
    Object.fromEntries(users.map((user, index) => [user, ['a@1', `b${index}@2`, 'c@3']])),
  );
});

test('waits as long as the answer asks for, in seconds or until a date; otherwise longer each time', async () => {
  const { clock, sleeps } = pausedClock();
  const waits = ['7', new Date(clock.now() + 20_000).toUTCString(), undefined, undefined, undefined];
  const { url } = await service(() => {
    const wait = waits.shift();
    if (wait !== undefined) return new Response('', { status: 503, headers: { 'Retry-After': wait } });
    return waits.length > 0 ? 'break before' : undefined;
  });
  expect(await new Service(url, clock).lengthOf('ada')).toBe(0);
  expect(sleeps.slice(0, 2)).toEqual([7000, 13_000]);
  expect(sleeps[2]).toBeGreaterThanOrEqual(500);
  expect(sleeps[3]).toBeGreaterThanOrEqual(1000);
  expect(sleeps).toHaveLength(4);
});

test('gives up after ten minutes, and says what the last answer was', async () => {
  const { clock, sleeps } = pausedClock();
  const { url } = await service(() => new Response('', { status: 503 }));
  await expect(new Service(url, clock).lengthOf('ada')).rejects.toThrow(
    `${url}/v1/users/ada: 503 Service Unavailable, and so for 10 minutes`,
  );
  expect(sleeps.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(600_000);
});

test('a refusal stops the import with its reason; what was stored before stays known', async () => {
  let refuse = true;
  const { url, logs } = await service((request) => {
    const refused = refuse && request.method === 'POST' && request.url.includes('bob');
    const problem = { code: 'invalid_request', detail: '/items/0/id: too long', request_id: 'r-1' };
    return refused ? Response.json(problem, { status: 422 }) : undefined;
  });
  const file = join(folder({ 'log.csv': CSV }), 'log.csv');
  await expect(imported(file, url, { concurrency: 1 })).rejects.toThrow(
    '/v1/users/bob/interactions: 422 invalid_request: /items/0/id: too long (request r-1)',
  );
  expect(logs()).toEqual({ ada: LOGS.ada });
  refuse = false;
  expect((await imported(file, url)).summary).toMatchObject({ sent: 1, skipped: 3 });
  expect(logs()).toEqual(LOGS);
});

test('something else at the URL is not written to', async () => {
  const server = await flakyServer(async () => new Response('<html>Hello</html>'));
  onTestFinished(() => server.stop());
  const file = join(folder({ 'log.csv': CSV }), 'log.csv');
  await expect(imported(file, server.url)).rejects.toThrow(
    `what answers at ${server.url} is not this service`,
  );
  await expect(imported(file, 'my-shop')).rejects.toThrow(
    '--url: expected something like https://example.com',
  );
});
