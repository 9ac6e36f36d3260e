import { describe, expect, test } from 'vitest';
import { FakeModel, MANIFEST } from './fake-model.ts';
import { fakeService, type Json, listed, post, problemOf, serviceOf } from './helpers.ts';

const { app } = fakeService();

async function search(query: Record<string, string>): Promise<Json> {
  const response = await app.request(`/v1/items?${new URLSearchParams(query)}`);
  expect(response.status).toBe(200);
  return response.json();
}

async function titles(q: string): Promise<string[]> {
  return (await search({ q })).items.map((item: Json) => item.title);
}

test('the beginnings of words in any order find a title', async () => {
  expect(await titles('the mat')).toEqual(['Matrix, The (1999)']);
  expect(await titles('mat 199')).toEqual(['Matrix, The (1999)']);
});

test('blanks do not matter', async () => {
  expect(await titles('toystory')).toEqual(['Toy Story 2 (1999)', 'Toy Story (1995)']);
  expect(await titles('ali en3')).toEqual(['Alien³ (1992)']);
});

test('a typo per word is forgiven where nothing has the words as they are', async () => {
  expect(await titles('matrx')).toEqual(['Matrix, The (1999)']);
  expect(await titles('shindlers lsit')).toEqual(["Schindler's List (1993)"]);
  expect(await titles('zzzz')).toEqual([]);
});

test('words of more than 20 letters must be right: a pattern of all their typos takes long', async () => {
  const long = ['Incomprehensibilities', 'Uncharacteristically'];
  const { app } = serviceOf(async () => new FakeModel({ titles: long }));
  const found = async (q: string) => {
    const { items }: Json = await (await app.request(`/v1/items?${new URLSearchParams({ q })}`)).json();
    return items.map(({ title }: Json) => title);
  };
  expect(await found('incomprehensibilities')).toEqual([long[0]]);
  expect(await found('incomprehensibilitiez')).toEqual([]);
  expect(await found('uncharacteristicaly')).toEqual([long[1]]);
});

test('a category finds its items, the most popular first', async () => {
  const found = (await search({ q: 'comedy' })).items;
  expect(found.length).toBeGreaterThan(1);
  const counts = found.map(({ count }: Json) => count);
  expect(counts).toEqual(counts.toSorted((a: number, b: number) => b - a));
  for (const { categories } of found) expect(categories).toContain('Comedy');
});

test('what holds no word finds nothing', async () => {
  for (const q of ['!!!', '…', '💡']) expect(await titles(q), q).toEqual([]);
});

test('in a script without blanks any part of a title finds it', async () => {
  const films = ['千と千尋の神隠し', 'ฉลาดเกมส์โกง', '기생충', 'Tampopo (1985)'];
  const model = new FakeModel({ titles: films });
  const { app } = serviceOf(async () => model);
  const found = async (q: string) => {
    const { items }: Json = await (await app.request(`/v1/items?${new URLSearchParams({ q })}`)).json();
    return items.map(({ title }: Json) => title);
  };
  expect(await found('千尋')).toEqual([films[0]]);
  expect(await found('神隠し 千')).toEqual([films[0]]);
  expect(await found('เกมส์')).toEqual([films[1]]);
  expect(await found('기생')).toEqual([films[2]]);
  expect(await found('尋千')).toEqual([]);
  expect(await found('tampo')).toEqual([films[3]]);
});

test('case, accents and apostrophes do not matter', async () => {
  expect(await titles('MISERABLES')).toEqual(['Misérables, Les (1995)']);
  expect(await titles('misérables')).toEqual(['Misérables, Les (1995)']);
  expect(await titles('schindlers')).toEqual(["Schindler's List (1993)"]);
  expect(await titles('schindler’s')).toEqual(["Schindler's List (1993)"]);
  expect(await titles('alien3')).toEqual(['Alien³ (1992)']);
});

test('a title that is the query comes first, then the most popular', async () => {
  expect(await titles('toy story')).toEqual(['Toy Story (1995)', 'Toy Story 2 (1999)']);
  expect(await titles('story')).toEqual([
    'Story of Us, The (1999)',
    'Toy Story 2 (1999)',
    'Toy Story (1995)',
  ]);
});

test('without a query the catalogue is listed, the most popular first', async () => {
  const { items, next_cursor } = await search({});
  expect(items).toHaveLength(12);
  expect(items[0]).toEqual({ id: '8', title: 'Fargo (1996)', categories: ['Drama'], count: 11 });
  expect(next_cursor).toBeNull();
});

test('pages follow one another until there are no more', async () => {
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Json = await search({ limit: '5', ...(cursor && { cursor }) });
    ids.push(...page.items.map((item: Json) => item.id));
    cursor = page.next_cursor;
  }
  const { items } = await search({});
  expect(ids).toEqual(items.map(({ id }: Json) => id));
  expect(new Set(ids).size).toBe(12);
});

test.each([
  ['limit=0', 'query/limit'],
  ['limit=101', 'query/limit'],
  ['limit=ten', 'query/limit'],
  ['limit=1.5', 'query/limit'],
  ['limit=', 'query/limit'],
  ['limit=1&limit=2', 'query/limit'],
  [`q=${'x'.repeat(201)}`, 'query/q'],
  ['query=toy', 'query/query'],
  ['cursor=', 'query/cursor'],
  ['cursor=!', 'query/cursor'],
  ['cursor=0', 'query/cursor'],
  ['cursor=-5', 'query/cursor'],
  ['cursor=1e3', 'query/cursor'],
])('%.30s is a 422', async (query, path) => {
  const { errors } = await problemOf(await app.request(`/v1/items?${query}`), 422, 'invalid_request');
  expect(errors[0].path).toBe(path);
});

test('one item by its id', async () => {
  const response = await app.request('/v1/items/7');
  const categories = ['Drama', 'Comedy'];
  expect(await response.json()).toEqual({ id: '7', title: 'Alien³ (1992)', categories, count: 6 });
});

test.each(['13', '__proto__', '%00', '%E0%A4%A', 'a%2Fb', 'x'.repeat(5000)])(
  'no item has the id %.20s',
  async (id) => {
    await problemOf(await app.request(`/v1/items/${id}`), 404, 'item_unknown');
  },
);

test('the categories of the catalogue, the largest first', async () => {
  const response = await app.request('/v1/categories');
  expect(await response.json()).toEqual({
    categories: [
      { name: 'Drama', items: 12 },
      { name: 'Comedy', items: 4 },
      { name: 'Western', items: 3 },
      { name: "Children's", items: 1 },
    ],
  });
});

test('what comes next is the list for a history of that item alone', async () => {
  const response = await app.request('/v1/items/5/next?k=3&exclude=6&ranker=latent');
  const alone = await post(app, { history: ['5'], k: 3, exclude: ['6'], ranker: 'latent' });
  expect(response.status).toBe(200);
  expect(listed(await response.json())).toEqual(listed(await alone.json()));
  await problemOf(await app.request('/v1/items/99/next'), 404, 'item_unknown');
  await problemOf(await app.request('/v1/items/5/next?k=0'), 422, 'invalid_request');
});

describe('similar items', () => {
  const similar = async (path: string): Promise<Json> => {
    const response = await app.request(`/v1/items/${path}`);
    expect(response.status).toBe(200);
    return response.json();
  };
  const idsOf = (list: Json) => list.items.map(({ id }: Json) => id);

  test('the nearest with their scores and ranks, without the item itself', async () => {
    expect(await similar('7/similar?k=2')).toEqual({
      items: [
        { id: '6', title: 'Toy Story 2 (1999)', categories: ['Drama', 'Western'], score: 0.9, rank: 1 },
        { id: '8', title: 'Fargo (1996)', categories: ['Drama'], score: 0.9, rank: 2 },
      ],
      model: { id: MANIFEST.id },
      catalogue: { version: 0, degraded: false },
    });
    expect((await similar('7/similar')).items).toHaveLength(10);
  });

  test('only what was asked for', async () => {
    const all = await similar('7/similar?k=100');
    expect(idsOf(all)).toHaveLength(11);
    expect((await similar('7/similar?offset=3&k=2')).items).toEqual(all.items.slice(3, 5));
    expect(idsOf(await similar('7/similar?categories=Comedy&categories=Western&exclude=10'))).toEqual([
      '6',
      '4',
      '11',
      '1',
    ]);
    expect(idsOf(await similar('7/similar?k=2&exclude=6&exclude=8'))).toEqual(['5', '9']);
  });

  test.each([
    ['7/similar?k=0', 'query/k'],
    ['7/similar?k=60&offset=101', 'query/offset'],
    ['7/similar?exclude=', 'query/exclude/0'],
    ['7/similar?categories=Romance', 'query/categories/0'],
    ['7/similar?include_seen=true', 'query/include_seen'],
  ])('%s is a 422', async (path, field) => {
    const { errors } = await problemOf(await app.request(`/v1/items/${path}`), 422, 'invalid_request');
    expect(errors[0].path).toBe(field);
  });

  test('of an item that is not there', async () => {
    await problemOf(await app.request('/v1/items/13/similar'), 404, 'item_unknown');
  });
});
