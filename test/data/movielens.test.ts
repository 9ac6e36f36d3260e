import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ml1m } from '../../scripts/data/datasets/ml-1m.ts';
import type { Download } from '../../scripts/data/download.ts';
import { prepare } from '../../scripts/data/prepare.ts';
import { data, failure, folder, itemsOf, rowsOf, USUAL, zip } from './helpers.ts';

const RATINGS = Buffer.from('1::20::5::978300760\n1::10::1::978300700\n2::10::3::978298413\n');
const MOVIES = Buffer.from(
  "10::Café Society (1995)::Drama\n20::Toy Story (1995)::Animation|Children's\n30::Unrated (1990)::Comedy\n",
  'latin1',
);
const ROWS = ['user_id,item_id,timestamp', '1,10,978300700', '1,20,978300760', '2,10,978298413'];
const ITEMS = [
  { id: '10', title: 'Café Society (1995)', categories: ['Drama'] },
  { id: '20', title: 'Toy Story (1995)', categories: ['Animation', "Children's"] },
  { id: '30', title: 'Unrated (1990)', categories: ['Comedy'] },
];
const ZIP = zip({
  'ml-1m/README': Buffer.from('x'),
  'ml-1m/movies.dat': MOVIES,
  'ml-1m/ratings.dat': RATINGS,
});

test('reads a zip, keeps every rating and every listed movie, and says that the checksum differs', async () => {
  const path = folder({ 'ml-1m.zip': ZIP });
  const out = join(path, 'out');
  const { summary, text } = await data(['ml-1m', '--from', join(path, 'ml-1m.zip'), '--out', out]);
  expect(rowsOf(out)).toEqual(ROWS);
  expect(itemsOf(out)).toEqual(ITEMS);
  expect(summary).toMatchObject({ dataset: 'ml-1m', out, users: 2, items: 3, interactions: 3 });
  expect(summary).toMatchObject({ tied_rows: 0, checksum: 'differs' });
  expect(text).toContain('checksum: differs');
  expect(readdirSync(path).sort()).toEqual(['ml-1m.zip', 'out']);
});

test.each(['', 'ml-1m/'])('reads an unpacked folder, files in "%s"', async (inside) => {
  const path = folder({ [`${inside}ratings.dat`]: RATINGS, [`${inside}movies.dat`]: MOVIES });
  const out = join(path, 'out');
  const { summary } = await data(['ml-1m', '--from', path, '--out', out]);
  expect(rowsOf(out)).toEqual(ROWS);
  expect(itemsOf(out)).toEqual(ITEMS);
  expect(summary).not.toHaveProperty('checksum');
});

async function serve(status: number, body: Buffer): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status).end(body)).listen(
    0,
    '127.0.0.1',
  );
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/ml-1m.zip`;
}

/** Prepares the dataset from another place than GroupLens. */
function downloaded(out: string, source: Download) {
  return prepare({ ...USUAL, dataset: { ...ml1m, downloads: [source] }, out });
}

test('downloads the zip when its checksum is right', async () => {
  const out = join(folder(), 'out');
  const md5 = createHash('md5').update(ZIP).digest('hex');
  const { checksum } = await downloaded(out, { url: await serve(200, ZIP), md5 });
  expect(rowsOf(out)).toEqual(ROWS);
  expect(checksum).toBe('matches');
});

test('refuses a download with another checksum and leaves nothing behind', async () => {
  const path = folder();
  const url = await serve(200, ZIP);
  const run = downloaded(join(path, 'out'), { url, md5: '0'.repeat(32) });
  await expect(run).rejects.toThrow(`${url}: checksum differs: expected md5 ${'0'.repeat(32)}, found `);
  expect(readdirSync(path)).toEqual([]);
});

test('names the address when the server answers with an error or not at all', async () => {
  const out = join(folder(), 'out');
  const url = await serve(404, Buffer.from('gone'));
  await expect(downloaded(out, { url, md5: '' })).rejects.toThrow(`${url}: HTTP 404; download it`);
  const nobody = 'http://127.0.0.1:9/ml-1m.zip';
  await expect(downloaded(out, { url: nobody, md5: '' })).rejects.toThrow(`${nobody}: `);
});

test.each([
  ['ratings.dat', '1::10::5\n', 'ratings.dat:1: columns: expected 4, found 3 in "1 10 5"'],
  ['ratings.dat', '1::10::5::9\n\n::10::5::9\n', 'ratings.dat:3: userId: expected 1 to 200 characters '],
  ['ratings.dat', '1::10::5::\n', 'ratings.dat:1: timestamp: expected a number '],
  ['ratings.dat', '1::99::5::9\n', 'ratings.dat:1: movieId: "99" is not in the item file (--allow-unlisted'],
  ['ratings.dat', '', 'ratings.dat: no interactions'],
  ['movies.dat', '10::A::B::C\n', 'movies.dat:1: columns: expected 3, found 4 in "10 A B C"'],
  ['movies.dat', '10::A::B\n10::A::B\n', 'movies.dat:2: movieId: "10" is listed twice'],
])('a malformed %s stops the run: %j', async (name, content, message) => {
  const path = folder({
    'ml-1m/ratings.dat': RATINGS,
    'ml-1m/movies.dat': MOVIES,
    [`ml-1m/${name}`]: content,
  });
  expect(await failure(path, 'ml-1m', '--from', path)).toContain(`ml-1m/${message}`);
  expect(existsSync(join(path, 'out'))).toBe(false);
});

test('names the zip and the entry of a malformed row', async () => {
  const path = folder({
    'my.zip': zip({ 'a/movies.dat': MOVIES, 'a/ratings.dat': Buffer.from('1::10::5::x') }),
  });
  const message = 'my.zip/a/ratings.dat:1: timestamp: expected a number of seconds';
  expect(await failure(path, 'ml-1m', '--from', join(path, 'my.zip'))).toContain(message);
});

test('says what is missing of the zip or the folder', async () => {
  const path = folder({
    'text.zip': 'no zip',
    'half.zip': zip({ 'movies.dat': MOVIES }),
    'd/movies.dat': MOVIES,
  });
  const from = (name: string) => failure(path, 'ml-1m', '--from', join(path, name));
  expect(await from('text.zip')).toContain('text.zip: not a readable zip file (');
  expect(await from('half.zip')).toBe('half.zip: no ratings.dat inside');
  expect(await from('d')).toBe('d: no ratings.dat inside');
  expect(await from('nothing')).toBe('--from: no such file or folder: nothing');
});
