import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { data, failure, folder, itemsOf, rowsOf } from './helpers.ts';

const INTERACTIONS = 'user_id,item_id,timestamp\nu,a,2\nv,b,1\nu,b,1\n';
const ITEMS = '{"id":"a","title":"A"}\n{"id":"b","title":"B"}\n';
const ROWS = ['user_id,item_id,timestamp', 'u,b,1', 'u,a,2', 'v,b,1'];

async function prepare(files: Record<string, string | Buffer>, ...flags: string[]) {
  const path = folder(files);
  const out = join(path, 'out');
  const result = await data(['csv', '--from', path, '--out', out, ...flags]);
  return { ...result, rows: rowsOf(out), items: itemsOf(out) };
}

test('orders users by first appearance and a user by time', async () => {
  const { rows, summary } = await prepare(
    { 'interactions.csv': INTERACTIONS, 'items.jsonl': ITEMS },
    '--name',
    'my',
  );
  expect(rows).toEqual(ROWS);
  expect(summary).toMatchObject({ dataset: 'my', users: 2, items: 2, interactions: 3, tied_rows: 0 });
});

test('takes columns in any order, keeps split, leaves others out, understands quotes, CRLF and a BOM', async () => {
  const csv =
    '\ufeffsplit,timestamp,rating,item_id,user_id\r\ntrain,1.5,4,"a,1",u\r\n\r\ntest,2,5,"b""",u\r\n';
  const items = '{"id":"a,1"}\n{"id":"b\\""}\n';
  const { rows } = await prepare({ 'interactions.csv': csv, 'items.jsonl': items });
  expect(rows).toEqual(['user_id,item_id,timestamp,split', 'u,"a,1",1.5,train', 'u,"b""",2,test']);
});

test('reads gzipped files', async () => {
  const files = { 'interactions.csv.gz': gzipSync(INTERACTIONS), 'items.jsonl.gz': gzipSync(ITEMS) };
  expect((await prepare(files)).rows).toEqual(ROWS);
});

test('takes ISO-8601 dates as seconds, UTC unless they say otherwise', async () => {
  const dates = ['1970-01-02', '1970-01-02T00:00:01.5', '1970-01-02 00:00:02Z', '1970-01-02T01:00:03+01:00'];
  const csv = `user_id,item_id,timestamp\n${dates.map((date, i) => `u,i${i},${date}`).join('\n')}`;
  const { rows } = await prepare({ 'interactions.csv': csv });
  expect(rows.slice(1)).toEqual(['u,i0,86400', 'u,i1,86401.5', 'u,i2,86402', 'u,i3,86403']);
});

test('keeps fields of items.jsonl as properties, and says which fields it left out', async () => {
  const line =
    '{"id":"a","title":"A","categories":["x"],"brand":"Z","empty":"","codes":[1],"size":{"w":1},"none":null}';
  const files = {
    'interactions.csv': 'user_id,item_id,timestamp\nu,a,1\n',
    'items.jsonl': `${line}\n{"id":"b"}`,
  };
  const { items, text } = await prepare(files);
  expect(items).toEqual([
    { id: 'a', title: 'A', categories: ['x'], properties: { brand: 'Z', codes: [1] } },
    { id: 'b', title: 'b' },
  ]);
  expect(text).toContain('items: field size of 1 items left out, not a number, a text or a list of them');
  expect(text).toContain('items: 1 without a title, title = id');
});

test('reads items.csv with categories separated by "|"', async () => {
  const items = 'brand,id,title,categories\nZ,a,"A, the first",x|y z\n,b,B,\n';
  expect((await prepare({ 'interactions.csv': INTERACTIONS, 'items.csv': items })).items).toEqual([
    { id: 'a', title: 'A, the first', categories: ['x', 'y z'], properties: { brand: 'Z' } },
    { id: 'b', title: 'B' },
  ]);
});

test("reads RecBole's atomic files", async () => {
  const { rows, items } = await prepare({
    'tiny.inter':
      'user_id:token\titem_id:token\trating:float\ttimestamp:float\nu\ta\t4\t2\nv\tb\t3\t1\nu\tb\t5\t1\n',
    'tiny.item':
      'item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\na\tA "1\t1995\tx y\nb\tB\t\t\n',
  });
  expect(rows).toEqual(ROWS);
  expect(items).toEqual([
    { id: 'a', title: 'A "1', categories: ['x', 'y'], properties: { release_year: 1995 } },
    { id: 'b', title: 'B' },
  ]);
});

test('makes items from the interactions when there is no item file', async () => {
  const { items, text } = await prepare({ 'interactions.csv': INTERACTIONS });
  expect(items).toEqual([
    { id: 'a', title: 'a' },
    { id: 'b', title: 'b' },
  ]);
  expect(text).toContain(
    'items: no item file, so made from the interactions\nitems: 2 without a title, title = id',
  );
});

test('takes a file, its items from the same folder', async () => {
  const path = folder({
    'shop.inter.gz': gzipSync(INTERACTIONS.replaceAll(',', '\t')),
    'items.jsonl': ITEMS,
  });
  const out = join(path, 'out');
  const { summary } = await data(['csv', '--from', join(path, 'shop.inter.gz'), '--out', out]);
  expect(rowsOf(out)).toEqual(ROWS);
  expect(itemsOf(out)[0].title).toBe('A');
  expect(summary.dataset).toBe('shop');
});

test('adds unlisted items only when told to', async () => {
  const files = { 'interactions.csv': INTERACTIONS, 'items.jsonl': '{"id":"b","title":"B"}' };
  const { items, text, summary } = await prepare(files, '--allow-unlisted');
  expect(items.at(-1)).toEqual({ id: 'a', title: 'a' });
  expect(text).toContain('items: 1 not in the item file added, title = id');
  expect(summary.unlisted_items).toBe(1);
});

test('drops duplicate rows only when told to, and counts them', async () => {
  const csv = `${INTERACTIONS}u,a,2\nu,a,3\n`;
  const { rows, text, summary } = await prepare({ 'interactions.csv': csv }, '--drop-duplicates');
  expect(rows).toEqual([...ROWS.slice(0, 3), 'u,a,3', 'v,b,1']);
  expect(text).toContain('duplicates: 1 rows dropped');
  expect(summary).toMatchObject({ interactions: 4, duplicates_dropped: 1, tied_rows: 0 });
});

const csv = (rows: string, header = 'user_id,item_id,timestamp') => ({
  'interactions.csv': `${header}\n${rows}`,
});
const items = (lines: string) => ({ ...csv('u,a,1'), 'items.jsonl': lines });
const ID = 'expected 1 to 200 characters without control characters, found';
const TIME =
  'expected a number of seconds, milliseconds, microseconds or nanoseconds since 1970, or a date such as ' +
  '2024-12-31T23:59:59Z, found';

test.each<[string, Record<string, string | Buffer>]>([
  ['interactions.csv:3: columns: expected 3, found 2 in "u a"', csv('u,a,1\nu,a')],
  ['interactions.csv:2: columns: expected 3, found 4 in "u a 1 2"', csv('u,a,1,2')],
  [`interactions.csv:2: user_id: ${ID} nothing`, csv(',a,1')],
  [`interactions.csv:2: item_id: ${ID} nothing`, csv('u,,1')],
  [`interactions.csv:2: item_id: ${ID} "a\\tb"`, csv('u,a\tb,1')],
  [`interactions.csv:2: user_id: ${ID} "${'u'.repeat(60)}…"`, csv(`${'u'.repeat(201)},a,1`)],
  [`interactions.csv:2: timestamp: ${TIME} "noon"`, csv('u,a,noon')],
  [`interactions.csv:2: timestamp: ${TIME} nothing`, csv('u,a,')],
  [`interactions.csv:2: timestamp: ${TIME} "2024-02-31"`, csv('u,a,2024-02-31')],
  [`interactions.csv:2: timestamp: ${TIME} "1e40"`, csv('u,a,1e40')],
  [
    'interactions.csv:2: item_id: a quote inside a field must be doubled, and the field quoted: write "a""b" for "a\\"b"',
    csv('u,"a"b,1'),
  ],
  [
    'interactions.csv: not UTF-8 text (--encoding latin-1 or utf-16, if it is that)',
    { 'interactions.csv': Buffer.from('user_id,\xe9', 'latin1') },
  ],
  [
    `interactions.csv:2: type: expected 1 to 64 characters without control characters, found "${'v'.repeat(60)}…"`,
    csv(`u,a,1,${'v'.repeat(65)}`, 'user_id,item_id,timestamp,type'),
  ],
  ['interactions.csv: no interactions', csv('')],
  [
    'interactions.csv:1: no column is known to be the time; there are user_id, item_id. Say which with --time COLUMN',
    csv('u,a', 'user_id,item_id'),
  ],
  ['interactions.csv:1: x: two columns have this name', csv('', 'x,x')],
  [
    'interactions.csv:2: split: expected train, valid, test, found "dev"',
    csv('u,a,1,dev', 'user_id,item_id,timestamp,split'),
  ],
  [
    'interactions.csv:4: user_id, item_id, timestamp: the same as in line 2 (--drop-duplicates keeps the first)',
    csv('u,a,1\nu,b,1\nu,a,1.0'),
  ],
  [
    'interactions.csv:2: item_id: "a" is not in the item file (--allow-unlisted adds it)',
    items('{"id":"b","title":"B"}'),
  ],
  ['items.jsonl:2: json: not valid JSON', items(`${ITEMS.slice(0, 23)}{"id":"b"`)],
  ['items.jsonl:1: json: expected an object', items('["a"]')],
  [`items.jsonl:1: id: ${ID} "1.5"`, items('{"id":1.5}')],
  [`items.jsonl:2: id: ${ID} nothing`, items('{"id":"a"}\n{"title":"A"}')],
  ['items.jsonl:3: id: "a" is listed twice', items(`${ITEMS}{"id":"a"}`)],
  [
    "items.csv:1: no column is known to be the item's id; there are , name. Say which with --item COLUMN",
    { ...csv('u,a,1'), 'items.csv': ',name\n0,A' },
  ],
  [
    'x.inter:2: columns: expected 3, found 1 in "u"',
    { 'x.inter': 'user_id:token\titem_id\ttimestamp:float\nu\n' },
  ],
])('%s', async (message, files) => {
  const path = folder(files);
  expect(await failure(path, 'csv', '--from', path)).toBe(message);
});

test('a damaged gzip is named', async () => {
  const path = folder({ 'interactions.csv.gz': gzipSync(INTERACTIONS).subarray(0, 30) });
  expect(await failure(path, 'csv', '--from', path)).toBe('interactions.csv.gz: unexpected end of file');
});

test('does not guess between several files', async () => {
  const path = folder({
    'd/interactions.csv': '',
    'd/interactions.csv.gz': '',
    'e/x': '',
    'interactions.dat': '',
  });
  const from = (name: string) => failure(path, 'csv', '--from', join(path, name));
  expect(await from('d')).toBe('d: holds interactions.csv and interactions.csv.gz; keep the one to read');
  expect(await from('e')).toContain('e: no interactions inside; expected files ending in .csv, .tsv');
  expect(await from('interactions.dat')).toContain('expected a name ending in .csv, .tsv,');
});
