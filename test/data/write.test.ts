import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { itemsIn } from '../../scripts/data/item-files.ts';
import type { Item } from '../../scripts/data/items.ts';
import { withPartial } from '../../scripts/data/write.ts';
import { readDataset } from '../../scripts/dataset.ts';
import { data, failure, folder, rowsOf } from './helpers.ts';

const MAIN = resolve(import.meta.dirname, '../../scripts/data/main.ts');
const CSV = 'user_id,item_id,timestamp\nu,a,1\n';

test('replaces an earlier dataset and leaves other files alone', async () => {
  const path = folder({ 'interactions.csv': CSV, 'out/interactions.csv': 'old', 'out/mine.txt': 'mine' });
  const out = join(path, 'out');
  await data(['csv', '--from', path, '--out', out]);
  expect(rowsOf(out)).toEqual(CSV.trimEnd().split('\n'));
  expect(readdirSync(out).sort()).toEqual(['interactions.csv', 'items.jsonl', 'mine.txt']);
});

test('in Parquet it is the same log, and each form replaces the other', async () => {
  const rows = [
    'u,a,1.5,view',
    '"Lee, Kim",b,2,',
    'u,b,3,buy',
    'u,c,1600000000.123456,view',
    '"Lee, Kim",a,4,buy',
  ];
  const items = [
    { id: 'a', title: 'A', categories: ['x', 'y'], properties: { price: 1.5, new: true, sizes: [36, 'L'] } },
    { id: 'b', title: 'B', properties: { price: '1.50' } },
    { id: 'c', title: 'c' },
  ];
  const path = folder({
    'log.csv': ['user_id,item_id,timestamp,type', ...rows, ''].join('\n'),
    'items.jsonl': items.map((item) => `${JSON.stringify(item)}\n`).join(''),
  });
  const [csv, out] = [join(path, 'csv'), join(path, 'out')];
  await data(['csv', '--from', join(path, 'log.csv'), '--out', csv]);
  await data(['csv', '--from', join(path, 'log.csv'), '--out', out]);
  await data(['csv', '--from', join(path, 'log.csv'), '--out', out, '--parquet']);
  expect(readdirSync(out).sort()).toEqual(['events.json', 'interactions-00000.parquet', 'items.parquet']);
  const dataset = await readDataset(csv);
  expect(dataset.users).toEqual(['u', 'Lee, Kim']);
  expect([...dataset.time]).toEqual([1.5, 3, 1600000000.123456, 2, 4]);
  expect(await readDataset(out)).toEqual(dataset);
  expect(await itemsOf(csv)).toEqual(items);
  expect(await itemsOf(out)).toEqual(items);
  // It is a log like any other, too.
  const back = join(path, 'back');
  await data(['csv', '--from', out, '--out', back]);
  expect(rowsOf(back)).toEqual(rowsOf(csv));
  expect(await itemsOf(back)).toEqual(items);
  await data(['csv', '--from', join(path, 'log.csv'), '--out', out]);
  expect(readdirSync(out).sort()).toEqual(['events.json', 'interactions.csv', 'items.jsonl']);
});

async function itemsOf(folder: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of itemsIn(folder)) items.push(item);
  return items;
}

test('a failed run leaves the earlier dataset and nothing half-written', async () => {
  const path = folder({ 'interactions.csv': `${CSV}u,a\n`, 'out/interactions.csv': 'old' });
  await failure(path, 'csv', '--from', path);
  expect(readFileSync(join(path, 'out/interactions.csv'), 'utf-8')).toBe('old');
  expect(readdirSync(path).sort()).toEqual(['interactions.csv', 'out']);
});

test('the partial folder goes when its use throws', async () => {
  const path = folder();
  const run = withPartial(join(path, 'out'), async (partial) => {
    expect(existsSync(partial)).toBe(true);
    throw new Error('disk full');
  });
  await expect(run).rejects.toThrow('disk full');
  expect(readdirSync(path)).toEqual([]);
});

test('a run ended by a signal leaves nothing behind', async () => {
  const path = folder();
  const server = createServer((_request, response) => response.write('the first bytes')).listen(
    0,
    '127.0.0.1',
  );
  onTestFinished(() => void server.close().closeAllConnections());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const proxy = `globalThis.fetch = ((real) => () => real('${url}'))(fetch);`;
  const child = spawn(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(proxy)}`,
      MAIN,
      'ml-1m',
      '--out',
      join(path, 'out'),
    ],
    { stdio: 'ignore' },
  );
  await vi.waitFor(() => expect(readdirSync(path)).toHaveLength(1), 10_000);
  await vi.waitFor(
    () => expect(readdirSync(join(path, readdirSync(path)[0]))).toEqual(['ml-1m.zip']),
    10_000,
  );
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([143, null]);
  expect(readdirSync(path)).toEqual([]);
});
