import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { ItemSearch } from '../../catalogue/item-search.ts';
import { findItem } from '../../catalogue/overlay.ts';
import { StoredCatalogue } from '../../catalogue/stored/stored-catalogue.ts';
import { findStored } from '../../catalogue/stored/stored-search.ts';
import { cursor, decodeCursor, encodeCursor } from '../cursor.ts';
import { defineRoute } from '../define-route.ts';
import { Problem, problemResponses } from '../problem.ts';
import { item, itemOf, itemParams } from '../schemas/items.ts';
import { json } from '../schemas/json.ts';
import type { Services } from '../services.ts';

/** Longer than any title. */
const LONGEST_QUERY = 200;

const query = z.strictObject({
  q: z.string().max(LONGEST_QUERY).default(''),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor,
});

const search = defineRoute({
  method: 'get',
  path: '/items',
  operationId: 'searchItems',
  tags: ['Catalogue'],
  scopes: ['read'],
  summary: 'Search the catalogue',
  description:
    'Each word of `q` begins a word of the title or of a category, or stands anywhere in it in scripts without blanks. Case, accents and blanks do not matter; when nothing is found, a typo per word does not either. The most popular items come first. Without `q`, all items. A catalogue that is too large for memory is searched for whole words and their first three letters or more, without typos; where a word is in more than 512 items, the most popular of them are found.',
  request: { query },
  responses: {
    200: {
      description: 'A page of items',
      content: json(z.object({ items: z.array(item), next_cursor: z.string().nullable() })),
    },
    ...problemResponses('invalid_request', 'model_unavailable', 'overloaded'),
  },
  example: ({ word }) => ({ parameters: { q: word, limit: 1 } }),
});

const get = defineRoute({
  method: 'get',
  path: '/items/{id}',
  operationId: 'getItem',
  tags: ['Catalogue'],
  scopes: ['read'],
  summary: 'One item',
  request: { params: itemParams },
  responses: {
    200: { description: 'The item', content: json(item) },
    ...problemResponses('item_unknown', 'model_unavailable', 'overloaded'),
  },
  example: ({ ids: [id] }) => ({ parameters: { id } }),
});

/** `GET /items` and `GET /items/{id}` */
export function items({ models, catalogue }: Services) {
  const searches = new WeakMap<Catalogue, ItemSearch>();

  return new OpenAPIHono()
    .openapi(search, async (c) => {
      const { q, limit, cursor } = c.req.valid('query');
      const start = cursor === undefined ? 0 : decodeCursor(cursor);
      const end = start + limit;
      const { items, total } = await page((await models.model(c.get('model'))).catalogue, q, start, end);
      const next_cursor = end < total ? encodeCursor(end) : null;
      return c.json({ items: items.map(itemOf), next_cursor }, 200);
    })
    .openapi(get, async (c) => {
      const { id } = c.req.valid('param');
      const { catalogue: now } = await models.model(c.get('model'));
      const found = await findItem(now, (await catalogue.read()).value, id);
      if (found === undefined) throw new Problem('item_unknown');
      return c.json(itemOf(found), 200);
    });

  /** Those from `start` to `end` of the items that a search finds, and how many it finds. */
  async function page(catalogue: Catalogue, query: string, start: number, end: number) {
    if (catalogue instanceof StoredCatalogue) return storedPage(catalogue, query, start, end);
    const search = searches.get(catalogue) ?? new ItemSearch(catalogue.items!);
    searches.set(catalogue, search);
    const found = search.find(query);
    return { items: found.slice(start, end), total: found.length };
  }
}

/** All items stand in their own order: those by popularity would be sorted anew for every page. */
async function storedPage(catalogue: StoredCatalogue, query: string, start: number, end: number) {
  const found = await findStored(catalogue, query);
  const total = found?.length ?? catalogue.size;
  const indices = Array.from({ length: Math.max(0, Math.min(end, total) - start) }, (_, at) => start + at);
  const shown = indices.map((at) => found?.[at] ?? at);
  const itemAt = await catalogue.read(shown);
  return { items: shown.map(itemAt).filter(({ deleted }) => !deleted), total };
}
