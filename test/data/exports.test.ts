/** Exports as shops and publishers write them, each read without a flag, or refused with what to do. */
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { data, failure, folder, itemsOf, rowsOf } from './helpers.ts';

async function read(files: Record<string, string | Buffer>, ...flags: string[]) {
  const path = folder(files);
  const out = join(path, 'out');
  const { text, summary } = await data(['csv', '--from', path, '--out', out, ...flags]);
  const [header, ...rows] = rowsOf(out);
  return { header, rows, items: itemsOf(out), text, summary };
}

/** Item ids of the written rows, in their order. */
const idsOf = (rows: string[]) => rows.map((row) => row.split(',')[1]);

/** Reads one row per time, of items `i0`, `i1` and so on, in reversed order; their ids as sorted by time. */
async function sorted(times: string[], ...flags: string[]): Promise<string[]> {
  const lines = times.map((time, i) => `u,i${i},"${time}"`).reverse();
  return idsOf((await read({ 'events.csv': ['user,item,time', ...lines].join('\n') }, ...flags)).rows);
}

test("MovieLens' own names, and (no genres listed)", async () => {
  const { rows, items } = await read({
    'ratings.csv': 'userId,movieId,rating,timestamp\n7,31,2.5,1260759144\n7,1029,3.0,1260759179\n',
    'movies.csv': 'movieId,title,genres\n31,"Minds, Dangerous (1995)",Drama\n1029,Dumbo,(no genres listed)\n',
  });
  expect(rows).toEqual(['7,31,1260759144', '7,1029,1260759179']);
  expect(items).toEqual([
    { id: '31', title: 'Minds, Dangerous (1995)', categories: ['Drama'] },
    { id: '1029', title: 'Dumbo' },
  ]);
});

test("an event log: types are kept, codes become categories, the newest price is the item's", async () => {
  const { header, rows, items, text, summary } = await read({
    'log.csv': `event_time,event_type,product_id,category_code,brand,price,user_id,user_session
2019-10-01 00:00:04 UTC,view,44,electronics.smartphone,acme,489.07,5,x
2019-10-01 00:00:04 UTC,purchase,44,electronics.smartphone,acme,479.00,5,x
2019-10-02 00:00:00 UTC,return,44,electronics.smartphone,acme,479.00,5,y
2019-10-01 00:00:01 UTC,view,39,,,35.79,6,z
`,
  });
  expect(header).toBe('user_id,item_id,timestamp,type');
  expect(rows).toEqual([
    '5,44,1569888004,view',
    '5,44,1569888004,purchase',
    '5,44,1569974400,return',
    '6,39,1569888001,view',
  ]);
  expect(items).toEqual([
    {
      id: '44',
      title: '44',
      categories: ['electronics', 'smartphone'],
      properties: { brand: 'acme', price: 479 },
    },
    { id: '39', title: '39', properties: { price: 35.79 } },
  ]);
  expect(summary.types).toEqual({ view: 2, purchase: 1, return: 1 });
  expect(text).toMatch(/user_session +not used +x, x, y/);
});

test('--event names another column, or none', async () => {
  const csv = 'user,item,ts,event,kind\nu,a,1,x,click\nu,b,2,y,buy\n';
  expect((await read({ 'log.csv': csv }, '--event', 'kind')).rows).toEqual(['u,a,1,click', 'u,b,2,buy']);
  expect((await read({ 'log.csv': csv }, '--event', 'none')).rows).toEqual(['u,a,1', 'u,b,2']);
});

test.each([
  ['seconds', ['1260759144', '1260759145.5', '1.2607592e9']],
  ['milliseconds', ['1260759144001', '1260759144002']],
  ['microseconds', ['1260759144000001', '1260759144000002']],
  ['nanoseconds, beyond what a double tells apart', ['1260759144000000001', '1260759144000000002']],
  ['digits', ['20240131235959', '20240201000000']],
  [
    'ISO 8601',
    ['2024-02-29T23:59:59.999999999Z', '2024-03-01T01:00:00.000000001+01:00', '2024-03-01T00:00:00.5Z'],
  ],
  ['its basic form, week dates and days of the year', ['20240101T120000Z', '2024-W02-1', '2024-010']],
  [
    'a comma, no minutes, a leap second',
    ['2016-12-31T23Z', '2016-12-31T23:59:59,5Z', '2016-12-31T23:59:60Z'],
  ],
  ['PostgreSQL', ['2024-10-27 02:59:59.999999+02', '2024-10-27 02:00:00+01', '2024-10-27 06:30:00.5+05:30']],
  [
    'BigQuery',
    ['2024-10-27 00:59:59.123456 UTC', '2024-10-27 00:59:59.123457 UTC', '2024-10-27 01:00:00 UTC'],
  ],
  ['the day first, with dots', ['31.01.2024 23:59', '01.02.2024 00:00', '2.2.2024']],
  ['the day first, as one row tells', ['01/02/2024 10:00', '13/02/2024 09:00']],
  ['the month first, as one row tells', ['01/02/2024 9:05 AM', '01/02/2024 1:05 PM', '02/13/2024 12:00 AM']],
])('times as %s keep their order', async (_, times) => {
  expect(await sorted(times)).toEqual(times.map((_, i) => `i${i}`));
});

test('every time becomes seconds since 1970, with all its digits', async () => {
  const csv = 'user,item,time\nu,a,1260759144000000001\nu,b,1260759145000000000\n';
  expect((await read({ 'events.csv': csv })).rows).toEqual(['u,a,1260759144.000000001', 'u,b,1260759145']);
  const days = 'user,item,time\nu,a,20240131\nu,b,20240201\n';
  expect((await read({ 'events.csv': days })).rows).toEqual(['u,a,1706659200', 'u,b,1706745600']);
});

test('dates that may be read in two ways are refused unless a flag says how', async () => {
  const files = { 'events.csv': 'user,item,time\nu,i0,02/01/2024\nu,i1,01/12/2024\n' };
  const path = folder(files);
  const message = await failure(path, 'csv', '--from', path);
  expect(message).toContain('events.csv:2: time: expected a number of seconds');
  expect(message).toContain('--dates day-first or month-first');
  expect(idsOf((await read(files, '--dates', 'day-first')).rows)).toEqual(['i0', 'i1']);
  expect(idsOf((await read(files, '--dates', 'month-first')).rows)).toEqual(['i1', 'i0']);
});

test.each([
  [
    ['1260759144', '1260759144000'],
    '"1260759144" (events.csv:2) is in seconds, but "1260759144000" (events.csv:3) in milliseconds',
  ],
  [
    ['1260759144000', '0', '1260759144000000'],
    '"1260759144000" (events.csv:2) is in milliseconds, but "1260759144000000" (events.csv:4) in microseconds',
  ],
  [['1260759144', '2024-01-01'], '"1260759144" (events.csv:2), but "2024-01-01" (events.csv:3)'],
  [['13/02/2024', '02/13/2024'], '"13/02/2024" (events.csv:2), but "02/13/2024" (events.csv:3)'],
])('two kinds of times in one file: %j', async (times, message) => {
  const lines = times.map((time, i) => `u,i${i},${time}`);
  const path = folder({ 'events.csv': ['user,item,time', ...lines].join('\n') });
  expect(await failure(path, 'csv', '--from', path)).toContain(message);
});

test('--time-unit overrules what the size of numbers says', async () => {
  const csv = 'user,item,time\nu,a,5000\nu,b,1700000000000\n';
  expect((await read({ 'events.csv': csv }, '--time-unit', 'ms')).rows).toEqual(['u,a,5', 'u,b,1700000000']);
});

test('bare quotes are read where they are clear, and named where they are not', async () => {
  const log = { 'interactions.csv': 'user_id,item_id,timestamp\nu,a,1\n' };
  const { items } = await read({ ...log, 'items.csv': 'id,title\na,5" pot\nb,"6"" pot, black"\n' });
  expect(items.map(({ title }) => title)).toEqual(['5" pot', '6" pot, black']);
  const path = folder({ ...log, 'items.csv': 'id,title,categories\na,Pan,x\nb,"5" pot, black",x\n' });
  expect(await failure(path, 'csv', '--from', path)).toBe(
    'items.csv:3: title: a quote inside a field must be doubled, and the field quoted: write "5"" pot" for "5\\" pot"',
  );
});

test('a quote that is never closed', async () => {
  const path = folder({ 'log.tsv': 'user_id\titem_id\ttimestamp\nu\ta\t1\nu\t"b\t2\nu\tc\t3\n' });
  expect(await failure(path, 'csv', '--from', path)).toBe(
    'log.tsv:3: item_id: a quote inside a field must be doubled, and the field quoted: write """b" for "\\"b"',
  );
});

test('lines that end in different ways, also in the middle of a large file', async () => {
  const log = { 'interactions.csv': 'user_id,item_id,timestamp\r\nu,a,1\nu,b,2\r\nv,a,3' };
  const { rows, items } = await read({ ...log, 'items.csv': 'id,title,genres\na,A,x|y\r\nb,B,x\n' });
  expect(rows).toEqual(['u,a,1', 'u,b,2', 'v,a,3']);
  expect(items[0].categories).toEqual(['x', 'y']);
  const many = Array.from({ length: 50_000 }, (_, i) => `u${i},a,${i}${i < 40_000 ? '\n' : '\r\n'}`);
  const large = await read({ 'interactions.csv': `user_id,item_id,timestamp\n${many.join('')}` });
  expect(large.rows).toHaveLength(50_000);
  expect(large.rows.at(-1)).toBe('u49999,a,49999');
});

test('a wrong row of a file with quoted line ends is named by its line', async () => {
  const csv = 'user_id,note,item_id,timestamp\nu,"two\nlines",a,1\n\nu,"",b,soon\n';
  const path = folder({ 'interactions.csv': csv });
  expect(await failure(path, 'csv', '--from', path)).toContain('interactions.csv:5: timestamp: expected');
});

test("RecBole's quoted lists, and a price that is a dash", async () => {
  const { items } = await read({
    'toys.inter': 'user_id:token\titem_id:token\ttimestamp:float\nA\tG7\t1400000000.0\nA\tG8\t1400000001.0\n',
    'toys.item': [
      'item_id:token\ttitle:token_seq\tcategories:token_seq\tprice:float\tsales_rank:float',
      "G7\tRope\t'Sports & Outdoors', \"Kids' Corner\"\t3.99\t7",
      "G8\tBall\t'Sports & Outdoors'\t-\t",
    ].join('\n'),
  });
  expect(items).toEqual([
    {
      id: 'G7',
      title: 'Rope',
      categories: ['Sports & Outdoors', "Kids' Corner"],
      properties: { price: 3.99, sales_rank: 7 },
    },
    { id: 'G8', title: 'Ball', categories: ['Sports & Outdoors'] },
  ]);
});

test.each([
  ['pipes', 'Tea|Green & White'],
  ['semicolons', 'Tea; Green & White'],
  ['commas', 'Tea, Green & White'],
  ['steps', 'Tea > Green & White'],
  ['JSON', '[""Tea"", ""Green & White""]'],
  ['Python', "['Tea', 'Green & White']"],
])('categories separated by %s', async (_, categories) => {
  const { items } = await read({
    'interactions.csv': 'user_id,item_id,timestamp\nu,a,1\nu,b,2\n',
    'items.csv': `id,title,categories\na,A,"${categories}"\nb,B,Tea\n`,
  });
  expect(items.map((item) => item.categories)).toEqual([['Tea', 'Green & White'], ['Tea']]);
});

test('semicolons and decimal commas; other names need flags, and the message says which', async () => {
  const files = {
    'log.csv': 'Client;Produit;Le\n7;x;28/02/2024 10:00\n7;y;01/03/2024 09:00\n',
    'items.csv': 'Produit;Titre;price\nx;Chaise;1.129,90\ny;Table;90,00\n',
  };
  const path = folder(files);
  expect(await failure(path, 'csv', '--from', path)).toBe(
    'log.csv:1: no column is known to be the user or the item or the time; there are Client, Produit, Le. ' +
      'Say which with --user COLUMN --item COLUMN --time COLUMN',
  );
  const flags = ['--user', 'Client', '--item', 'Produit', '--time', 'Le', '--title', 'Titre'];
  const { rows, items } = await read(files, ...flags);
  expect(rows).toEqual(['7,x,1709114400', '7,y,1709283600']);
  expect(items).toEqual([
    { id: 'x', title: 'Chaise', properties: { price: 1129.9 } },
    { id: 'y', title: 'Table', properties: { price: 90 } },
  ]);
  await expect(read(files, '--user', 'Kunde')).rejects.toThrow('log.csv has no column Kunde, only Client, ');
});

test('ids are texts: neither zeros nor digits get lost, and likely slips are shown', async () => {
  const ids = [
    '01',
    '1',
    '18446744073709551617',
    '18446744073709551616',
    '1e3',
    '1000',
    'ärm',
    'Ärm',
    'a\u0308rm',
  ];
  const lines = ids.map((id, i) => `${id},${id},${i}`);
  const { rows, text } = await read({
    'interactions.csv': ['user_id,item_id,timestamp', ...lines].join('\n'),
  });
  expect(rows.map((row) => row.split(',')[0])).toEqual(ids);
  expect(text).toContain('users: 2 ids differ from another only in case, blanks or Unicode form');
});

test("GA4's export: a row per item of an event, its time in microseconds", async () => {
  const event = (name: string, time: number, ...items: object[]) =>
    JSON.stringify({ event_name: name, event_timestamp: time, user_pseudo_id: '1.2', user_id: null, items });
  const shirt = {
    item_id: 'SKU1',
    item_name: 'Shirt',
    item_brand: 'Acme',
    item_category: 'Clothes',
    price: 20,
  };
  const cap = { item_id: 'SKU2', item_name: 'Cap', item_category: 'Clothes', price: 9.5 };
  const lines = [
    event('page_view', 1700000000000000),
    event('view_item', 1700000001000000, shirt),
    event('purchase', 1700000002000000, shirt, cap),
  ];
  const { rows, items } = await read({ 'events.jsonl': lines.join('\n') }, '--user', 'user_pseudo_id');
  expect(rows).toEqual(['1.2,SKU1,1700000001,view_item', ...rows.slice(1, 3).toSorted()]);
  expect(rows.slice(1).toSorted()).toEqual(['1.2,SKU1,1700000002,purchase', '1.2,SKU2,1700000002,purchase']);
  expect(items).toContainEqual({
    id: 'SKU1',
    title: 'Shirt',
    categories: ['Clothes'],
    properties: { item_brand: 'Acme', price: 20 },
  });
});

test("Shopify's orders, with rows that lack an item", async () => {
  const files = {
    'orders.csv': `Name,Email,Created at,Lineitem name,Lineitem price,Lineitem sku
#1,a@x.org,2024-05-01 10:00:00 +0200,Mug,12.00,MUG
#1,a@x.org,2024-05-01 10:00:00 +0200,Gift wrap,2.00,
#2,a@x.org,2024-05-02 10:00:00 +0200,Bowl,15.50,BOWL
`,
  };
  const path = folder(files);
  expect(await failure(path, 'csv', '--from', path)).toContain(
    'orders.csv:3: Lineitem sku: expected 1 to 200',
  );
  const { rows, items, text, summary } = await read(files, '--drop-incomplete');
  expect(rows).toEqual(['a@x.org,MUG,1714550400', 'a@x.org,BOWL,1714636800']);
  expect(items[0]).toEqual({ id: 'MUG', title: 'Mug', properties: { 'Lineitem price': 12 } });
  expect(summary.incomplete_dropped).toBe(1);
  expect(text).toContain('incomplete: 1 rows without an item dropped');
});

test('Amazon reviews of 2023: the parent is the item, times are milliseconds', async () => {
  const review = (user: string, asin: string, timestamp: number) =>
    `${JSON.stringify({ rating: 5, title: 'Nice', text: '…', asin, parent_asin: `P${asin}`, user_id: user, timestamp })}\n`;
  const meta = {
    main_category: 'Toys',
    title: 'Kite',
    price: 9.99,
    categories: ['Toys', 'Kites'],
    parent_asin: 'PA',
  };
  const { rows, items } = await read({
    'reviews.jsonl': review('u', 'A', 1588687728923),
    'metadata.jsonl': JSON.stringify(meta),
  });
  expect(rows).toEqual(['u,PA,1588687728.923']);
  expect(items).toEqual([
    {
      id: 'PA',
      title: 'Kite',
      categories: ['Toys', 'Kites'],
      properties: { main_category: 'Toys', price: 9.99 },
    },
  ]);
});

test('a folder of parts is one log, in the order of their names', async () => {
  const part = (rows: string) => `user_id,item_id,timestamp\n${rows}`;
  const { rows } = await read({
    'part-0001.csv': part('u,b,1\n'),
    'part-0000.csv.gz': gzipSync(part('v,a,5\nu,a,2\n')),
    'part-0002.csv.zst': zstdCompressSync(part('u,c,3\n')),
    _SUCCESS: '',
  });
  expect(rows).toEqual(['v,a,5', 'u,b,1', 'u,a,2', 'u,c,3']);
  const path = folder({ 'a.csv': part('u,a,1\n'), 'b.csv': part('u,b,1\nu,,2\n') });
  expect(await failure(path, 'csv', '--from', path)).toContain('b.csv:3: item_id: expected 1 to 200');
});

test('Parquet: types, lists and times of any precision', async () => {
  const path = folder();
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(`COPY (SELECT 9007199254740993 AS user_id, 7::INTEGER AS item_id,
      TIMESTAMP_NS '2024-01-01 00:00:00.000000002' AS ts
    UNION ALL SELECT 9007199254740993, 8, TIMESTAMP_NS '2024-01-01 00:00:00.000000001')
    TO '${join(path, 'events.parquet')}'`);
  await connection.run(`COPY (SELECT 7 AS id, 'Seven' AS title, ['x', 'y'] AS categories, 1.25::DECIMAL(9, 2) AS price)
    TO '${join(path, 'items.parquet')}'`);
  const out = join(path, 'out');
  await data(['csv', '--from', path, '--out', out, '--allow-unlisted']);
  expect(rowsOf(out).slice(1)).toEqual([
    '9007199254740993,8,1704067200.000000001',
    '9007199254740993,7,1704067200.000000002',
  ]);
  expect(itemsOf(out)).toEqual([
    { id: '7', title: 'Seven', categories: ['x', 'y'], properties: { price: 1.25 } },
    { id: '8', title: '8' },
  ]);
});

test('other encodings', async () => {
  const utf16 = Buffer.from('\ufeffuser_id,item_id,timestamp\nZoë,a,1\n', 'utf16le');
  expect((await read({ 'interactions.csv': utf16 }, '--encoding', 'utf-16')).rows).toEqual(['Zoë,a,1']);
  const latin = Buffer.from('user_id,item_id,timestamp\nZoë,a,1\n', 'latin1');
  expect((await read({ 'interactions.csv': latin }, '--encoding', 'latin-1')).rows).toEqual(['Zoë,a,1']);
});

test('what is read is shown before a wrong row stops it', async () => {
  const path = folder({ 'interactions.csv': 'user_id,item_id,timestamp,note\nu,a,1,x\nu,,2,y\n' });
  const printed: string[] = [];
  const { command } = await import('../../scripts/data/main.ts');
  const run = command.execute(['csv', '--from', path, '--out', join(path, 'out')], (line) =>
    printed.push(line),
  );
  await expect(run).rejects.toThrow('item_id: expected');
  expect(printed.slice(1)).toEqual([
    '  user_id    user      u, u',
    '  item_id    item      a, (none)',
    '  timestamp  time      1, 2',
    '  note       not used  x, y',
  ]);
});

test('--tie-seed draws another order of ties', async () => {
  const lines = Array.from({ length: 20 }, (_, i) => `u,i${i},1`);
  const files = { 'interactions.csv': ['user_id,item_id,timestamp', ...lines].join('\n') };
  const { rows } = await read(files);
  expect((await read(files, '--tie-seed', 'earn-edge')).rows).toEqual(rows);
  const other = (await read(files, '--tie-seed', '2')).rows;
  expect(other).not.toEqual(rows);
  expect(other.toSorted()).toEqual(rows.toSorted());
});
