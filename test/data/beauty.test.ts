import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { beauty } from '../../scripts/data/datasets/beauty.ts';
import { prepare } from '../../scripts/data/prepare.ts';
import { parsePythonLiteral } from '../../scripts/data/python-literal.ts';
import { data, failure, folder, itemsOf, rowsOf, USUAL } from './helpers.ts';

const [DAY_1, DAY_2] = [1400112000, 1400198400];

/** Shaped as the published file is, sorted by item. */
const REVIEWS = [
  ['A1', 'B000000001', DAY_2],
  ['A2', 'B000000001', DAY_1],
  ['A1', 'B000000003', DAY_1],
  ['A1', 'B000000002', DAY_1],
]
  .map(([user, asin, time]) => {
    const review = {
      reviewText: 'Works "well".',
      overall: 2.0,
      unixReviewTime: time,
      reviewTime: '05 15, 2014',
    };
    return `${JSON.stringify({ reviewerID: user, asin, helpful: [0, 0], ...review })}\n`;
  })
  .join('');

/** As Python's `repr` writes it; the last item has no review. */
const META = `{'asin': 'B000000001', 'description': "It's nice", 'title': 'It\\'s "so" good \\\\ \\xe9', 'price': 3.17, 'salesRank': {'Beauty': 461765}, 'categories': [['Beauty', 'Makeup'], ['Beauty', 'Nails']], 'brand': 'OPI'}
{'asin': 'B000000002', 'related': {'also_bought': ['B000000003']}, 'categories': [['Beauty']]}
{'asin': 'B999999999', 'title': 'Unreviewed', 'categories': [['Beauty']]}
`;

const FILES = { 'reviews_Beauty_5.json.gz': gzipSync(REVIEWS), 'meta_Beauty.json.gz': gzipSync(META) };
const ROWS = ['A1,B000000003,1400112000', 'A1,B000000002,1400112000', 'A1,B000000001,1400198400'];
const ITEMS = [
  {
    id: 'B000000001',
    title: 'It\'s "so" good \\ é',
    categories: ['Beauty', 'Makeup', 'Nails'],
    properties: { brand: 'OPI' },
  },
  { id: 'B000000003', title: 'B000000003' },
  { id: 'B000000002', title: 'B000000002', categories: ['Beauty'] },
];

test.each([
  ['gzipped', FILES],
  ['unpacked', { 'reviews_Beauty_5.json': REVIEWS, 'meta_Beauty.json': META }],
])('%s files: every review is an interaction, items are those with reviews', async (_, files) => {
  const path = folder(files);
  const out = join(path, 'out');
  const { summary, text } = await data(['beauty', '--from', path, '--out', out, '--keep-order']);
  expect(rowsOf(out)).toEqual(['user_id,item_id,timestamp', ...ROWS, 'A2,B000000001,1400112000']);
  expect(itemsOf(out)).toEqual(ITEMS);
  expect(summary).toMatchObject({ dataset: 'beauty', users: 2, items: 3, interactions: 4, tied_rows: 2 });
  expect(text).toContain('items: 2 without a title, title = id');
});

test('downloads both files', async () => {
  const asked: string[] = [];
  const server = createServer(({ url }, response) => {
    asked.push(url!);
    response.end(FILES[url!.slice(1) as keyof typeof FILES]);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const downloads = beauty.downloads!.map(({ url }) => ({
    url: `http://127.0.0.1:${port}/${url.split('/').at(-1)}`,
  }));
  const out = join(folder(), 'out');
  const { checksum } = await prepare({ ...USUAL, dataset: { ...beauty, downloads }, out });
  expect(asked).toEqual(['/reviews_Beauty_5.json.gz', '/meta_Beauty.json.gz']);
  expect(rowsOf(out)).toHaveLength(5);
  expect(checksum).toBeUndefined();
});

test.each([
  [
    'reviews_Beauty_5.json.gz',
    '{"asin":"B1","unixReviewTime":1}',
    'reviews_Beauty_5.json.gz:1: no column is known to be the user',
  ],
  [
    'reviews_Beauty_5.json.gz',
    '{"reviewerID":"A","unixReviewTime":1}',
    'reviews_Beauty_5.json.gz:1: no column is known to be the item',
  ],
  [
    'reviews_Beauty_5.json.gz',
    '{"reviewerID":"A","asin":"B"}',
    'reviews_Beauty_5.json.gz:1: no column is known to be the time',
  ],
  ['reviews_Beauty_5.json.gz', "{'reviewerID': 'A'}", 'reviews_Beauty_5.json.gz:1: json: not valid JSON'],
  [
    'meta_Beauty.json.gz',
    "{'asin': 'B1'}\n{'asin': }",
    'meta_Beauty.json.gz:2: asin: expected a Python literal',
  ],
])('a malformed %s stops the run: %j', async (name, content, message) => {
  const path = folder({ ...FILES, [name]: gzipSync(content) });
  expect(await failure(path, 'beauty', '--from', path)).toContain(message);
});

test('says which file is missing', async () => {
  const path = folder({ 'd/meta_Beauty.json.gz': '' });
  const message = 'd: no reviews_Beauty_5.json.gz inside';
  expect(await failure(path, 'beauty', '--from', join(path, 'd'))).toBe(message);
});

test.each([
  [
    `{'a': None, 'b': [True, False, -3, 1.5e-05], "c'": {}}`,
    { a: null, b: [true, false, -3, 1.5e-5], "c'": {} },
  ],
  [`'None, "True" \\'x\\' \\\\n\\t\\x41\\u00e9\\U0001f600'`, 'None, "True" \'x\' \\n\tAé😀'],
  [`u"it's"`, "it's"],
  [`['a' 'b']`, undefined],
  [`{'a': __import__('os')}`, undefined],
  [`'open`, undefined],
])('Python literal %s', (text, value) => {
  expect(parsePythonLiteral(text)).toEqual(value);
});
