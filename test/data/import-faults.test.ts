/** `npm run import` when the network or the service fails: every interaction arrives once. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Service } from '../../scripts/import/service.ts';
import { type Fault, flakyServer } from '../fixtures/flaky-server.ts';
import { folder } from './helpers.ts';
import { CSV, imported, LOGS, pausedClock, service } from './import-service.ts';

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
