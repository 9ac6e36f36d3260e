import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { command } from '../../scripts/data/main.ts';
import { data, folder, itemsOf, rowsOf } from './helpers.ts';

const MAIN = resolve(import.meta.dirname, '../../scripts/data/main.ts');

function shell(cwd: string, ...args: string[]) {
  return spawnSync(process.execPath, [MAIN, ...args], { cwd, encoding: 'utf-8' });
}

test.each([
  [[], 'DATASET is missing'],
  [['csv', 'csv'], 'unexpected argument: csv'],
  [['ml-20m'], 'unknown dataset ml-20m: expected one of ml-1m, '],
  [['example', '--from', '.'], 'example is made up and takes no --from'],
  [['ml-1m', '--items', 'package.json'], 'ml-1m has its own items and takes no --items'],
  [['csv'], 'csv needs --from, a folder or a file'],
  [['ml-1m', '--name', '../x'], '--name: expected letters, digits, "-", "_" and ".", found "../x"'],
])('%j is refused', async (args, message) => {
  await expect(command.execute(args)).rejects.toThrow(message);
});

test('writes to data/<name>; the last line of stdout is JSON and stderr is empty without a terminal', () => {
  const cwd = folder({ 'shop/interactions.csv': 'user_id,item_id,timestamp\nu,a,1\n' });
  const { status, stdout, stderr } = shell(cwd, 'csv', '--from', 'shop');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) as string)).toEqual({
    dataset: 'shop',
    out: join('data', 'shop'),
    users: 1,
    items: 1,
    interactions: 1,
    tied_rows: 0,
    duplicates_dropped: 0,
    incomplete_dropped: 0,
    unlisted_items: 1,
  });
});

test('a malformed row is one line on stderr and exit code 2', () => {
  const cwd = folder({ 'shop/interactions.csv': 'user_id,item_id,timestamp\nu,a,x\n' });
  const { status, stdout, stderr } = shell(cwd, 'csv', '--from', 'shop');
  expect(status).toBe(2);
  expect(stdout).toMatch(/timestamp +time +x\n$/);
  expect(stderr).toBe(
    'error: shop/interactions.csv:2: timestamp: expected a number of seconds, milliseconds, microseconds or ' +
      'nanoseconds since 1970, or a date such as 2024-12-31T23:59:59Z, found "x"\n',
  );
});

test('the example is the same shop every time, and its circles show in its rows', async () => {
  const path = folder();
  const { summary } = await data(['example', '--out', join(path, 'a')]);
  await data(['example', '--out', join(path, 'b')]);
  expect(summary).toMatchObject({ dataset: 'example', users: 200, items: 125, tied_rows: 0 });
  const { purchase, cart, return: returned } = summary.types;
  expect(Math.min(purchase - cart, cart - returned, returned)).toBeGreaterThan(0);
  expect(rowsOf(join(path, 'b'))).toEqual(rowsOf(join(path, 'a')));
  const items = itemsOf(join(path, 'a'));
  expect(items[25]).toEqual({
    id: 'bread-1',
    title: 'Bread No. 1',
    categories: ['Bread'],
    properties: { price: expect.any(Number), since: '2024-01-01' },
  });
  const rows = rowsOf(join(path, 'a'))
    .slice(1)
    .map((row) => row.split(','));
  const since = new Map(items.map(({ id, properties }) => [id, Date.parse(properties.since) / 1000]));
  for (const [, item, time] of rows) expect(Number(time)).toBeGreaterThanOrEqual(since.get(item)!);
  expect(since.size - new Set(rows.map(([, item]) => item)).size).toBe(5); // the gift boxes

  const bought = rows.filter(([, , , type]) => type === 'purchase');
  const pairs = bought.slice(1).flatMap((row, i) => (row[0] === bought[i][0] ? [[bought[i], row]] : []));
  const followed = pairs.filter(([[, before], [, item, time]]) => {
    const [taste, place] = before.split('-');
    const after = (steps: number) => `${taste}-${((Number(place) + steps - 1) % 24) + 1}`;
    return item === after(1) || (item === after(2) && since.get(after(1))! > Number(time) - 86_400 * 7);
  });
  // Neither of two purchases in a row is a stray one.
  expect(followed.length / pairs.length).toBeCloseTo(0.9 ** 2, 1);
});
