import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { ItemSearch } from '../../catalogue/item-search.ts';
import { findItem } from '../../catalogue/overlay.ts';
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
    'Each word of `q` begins a word of the title or of a category, or stands anywhere in it in scripts without blanks. Case, accents and blanks do not matter; when nothing is found, a typo per word does not either. The most popular items come first. Without `q`, all items.',
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
      const found = searchOf((await models.model(c.get('model'))).catalogue).find(q);
      const end = start + limit;
      const next_cursor = end < found.length ? encodeCursor(end) : null;
      return c.json({ items: found.slice(start, end).map(itemOf), next_cursor }, 200);
    })
    .openapi(get, async (c) => {
      const { id } = c.req.valid('param');
      const { catalogue: now } = await models.model(c.get('model'));
      const found = findItem(now, (await catalogue.read()).value, id);
      if (found === undefined) throw new Problem('item_unknown');
      return c.json(itemOf(found), 200);
    });

  /** The search over a catalogue's items, made once per catalogue. */
  function searchOf(of: Catalogue): ItemSearch {
    const known = searches.get(of) ?? new ItemSearch(of.items);
    searches.set(of, known);
    return known;
  }
}
