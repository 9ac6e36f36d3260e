import { join } from 'node:path';
import { expect, test } from 'vitest';
import { data, failure, folder, itemsOf, rowsOf, zip } from './helpers.ts';

const RATINGS =
  'userId,movieId,rating,timestamp\n1,12,4.0,964982703\n1,10,4.5,964981247\n2,10,0.5,1445714835\n';
const MOVIES = `movieId,title,genres
10,"American President, The (1995)",Comedy|Drama
12,Café Society (2016),(no genres listed)
`;

test.each([
  [
    'ml-latest-small.zip',
    zip({ 'ml-latest-small/ratings.csv': RATINGS, 'ml-latest-small/movies.csv': MOVIES }),
  ],
  ['', { 'ratings.csv': RATINGS, 'movies.csv': MOVIES }],
  ['', { 'ml-latest-small/ratings.csv': RATINGS, 'ml-latest-small/movies.csv': MOVIES }],
])('reads a zip or an unpacked folder (%#)', async (name, content) => {
  const path = folder(name === '' ? (content as Record<string, string>) : { [name]: content as Buffer });
  const out = join(path, 'out');
  const { summary } = await data(['ml-latest-small', '--from', join(path, name), '--out', out]);
  expect(rowsOf(out)).toEqual([
    'user_id,item_id,timestamp',
    '1,10,964981247',
    '1,12,964982703',
    '2,10,1445714835',
  ]);
  expect(itemsOf(out)).toEqual([
    { id: '10', title: 'American President, The (1995)', categories: ['Comedy', 'Drama'] },
    { id: '12', title: 'Café Society (2016)' },
  ]);
  expect(summary).toMatchObject({ dataset: 'ml-latest-small', users: 2, items: 2, interactions: 3 });
  expect(summary).not.toHaveProperty('checksum');
});

test.each([
  [
    'ratings.csv',
    'userId,rating,timestamp\n1,5,9\n',
    'ratings.csv:1: no column is known to be the item; there are userId, rating, timestamp',
  ],
  ['movies.csv', 'movieId,title\n10,A\n', 'ratings.csv:2: movieId: "12" is not in the item file'],
])('a malformed %s stops the run: %j', async (name, content, message) => {
  const path = folder({ 'ratings.csv': RATINGS, 'movies.csv': MOVIES, [name]: content });
  expect(await failure(path, 'ml-latest-small', '--from', path)).toContain(message);
});
