import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { findItem } from '../../catalogue/overlay.ts';
import type { ItemChange } from '../../catalogue/record.ts';
import { CatalogueUnavailable } from '../../catalogue/truth.ts';
import { defineRoute } from '../define-route.ts';
import { Problem, problemResponses } from '../problem.ts';
import {
  fieldsOf,
  item,
  itemFields,
  itemList,
  itemOf,
  itemParams,
  storableParams,
} from '../schemas/items.ts';
import { json } from '../schemas/json.ts';
import type { Services } from '../services.ts';
import { JSON_BODY_PROBLEMS, jsonBody } from '../validation.ts';

const WHEN = 'It counts at once where the request was answered, and in every list within a minute.';

const problems = problemResponses(
  ...JSON_BODY_PROBLEMS,
  'item_unknown',
  'model_unavailable',
  'catalogue_unavailable',
  'overloaded',
);

const put = defineRoute({
  method: 'put',
  path: '/items/{id}',
  operationId: 'putItem',
  tags: ['Catalogue'],
  scopes: ['write'],
  summary: 'Add an item, or say anew what it is',
  description: `Whatever was said of the item before is gone; what is not said is as the model was trained. An item that the model was not trained with gets a vector from the words of its first title and categories: it may be listed, and stand in histories. ${WHEN}`,
  middleware: jsonBody,
  request: { params: storableParams, body: { required: true, content: json(itemFields) } },
  responses: { 200: { description: 'The item', content: json(item) }, ...problems },
  example: ({ ids: [, id], category, title }) => ({
    parameters: { id },
    body: {
      title,
      ...(category && { categories: [category] }),
      properties: { price: 9.9, brand: 'Acme' },
    },
  }),
});

const patch = defineRoute({
  method: 'patch',
  path: '/items/{id}',
  operationId: 'changeItem',
  tags: ['Catalogue'],
  scopes: ['write'],
  summary: 'Change an item',
  description: `Fields that are not named stay; \`null\` takes one back. ${WHEN}`,
  middleware: jsonBody,
  request: { params: itemParams, body: { required: true, content: json(itemFields) } },
  responses: { 200: { description: 'The item', content: json(item) }, ...problems },
  example: ({ ids: [, id] }) => ({ parameters: { id }, body: { available: false } }),
});

const remove = defineRoute({
  method: 'delete',
  path: '/items/{id}',
  operationId: 'deleteItem',
  tags: ['Catalogue'],
  scopes: ['write'],
  summary: 'Take an item out of the catalogue',
  description: `It is in no list and not found any more. Histories that have it keep it. Safe to repeat; \`PUT\` brings it back. ${WHEN}`,
  request: { params: itemParams },
  responses: {
    204: { description: 'It is gone' },
    ...problemResponses('item_unknown', 'model_unavailable', 'catalogue_unavailable', 'overloaded'),
  },
  example: ({ ids: [, , , , id] }) => ({ parameters: { id } }),
});

const putMany = defineRoute({
  method: 'put',
  path: '/items:batch',
  operationId: 'putItems',
  tags: ['Catalogue'],
  scopes: ['write'],
  summary: 'Add many items, or say anew what they are',
  description: `Each as with \`PUT /v1/items/{id}\`; all of them are stored or none. Items that are as they were cost nothing. ${WHEN}`,
  middleware: jsonBody,
  request: { body: { required: true, content: json(z.strictObject({ items: itemList })) } },
  responses: {
    200: {
      description: 'They are stored',
      content: json(
        z.object({
          items: z.int().openapi({ description: 'How many there were' }),
          changed: z.int().openapi({ description: 'How many of them differ from before' }),
        }),
      ),
    },
    ...problemResponses(...JSON_BODY_PROBLEMS, 'catalogue_unavailable', 'overloaded'),
  },
  example: ({ ids: [, a, b], title }) => ({
    body: {
      items: [
        { id: a, title, properties: { price: 9.9 } },
        { id: b, available: false },
      ],
    },
  }),
});

/** `PUT`, `PATCH` and `DELETE /items/{id}`, `PUT /items:batch` */
export function changeItems({ models, catalogue }: Services) {
  return new OpenAPIHono()
    .openapi(put, async (c) => {
      const { id } = c.req.valid('param');
      await change({ kind: 'put', id, fields: fieldsOf(c.req.valid('json')) });
      return c.json(await found(c, id), 200);
    })
    .openapi(patch, async (c) => {
      const { id } = c.req.valid('param');
      const known = await isKnown(c, id);
      await change({ kind: 'patch', id, known, fields: fieldsOf(c.req.valid('json')) });
      return c.json(await found(c, id), 200);
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid('param');
      await change({ kind: 'delete', id, known: await isKnown(c, id) });
      return c.body(null, 204);
    })
    .openapi(putMany, async (c) => {
      const { items } = c.req.valid('json');
      const puts = items.map(({ id, ...fields }) => ({ kind: 'put' as const, id, fields: fieldsOf(fields) }));
      const { changed } = await changeAll(puts);
      return c.json({ items: items.length, changed }, 200);
    });

  async function isKnown(c: Context, id: string): Promise<boolean> {
    return (await models.model(c.get('model'))).catalogue.indexOf(id) !== undefined;
  }

  async function change(one: ItemChange): Promise<void> {
    const { records } = await changeAll([one]);
    if (records[0] === null) throw new Problem('item_unknown');
  }

  async function changeAll(changes: ItemChange[]) {
    try {
      return await catalogue.change(changes);
    } catch (error) {
      if (error instanceof CatalogueUnavailable) throw new Problem('catalogue_unavailable', { cause: error });
      throw error;
    }
  }

  /** The item as lists have it now. */
  async function found(c: Context, id: string) {
    const model = await models.model(c.get('model'));
    const { value } = await catalogue.read();
    const known = await findItem(model.catalogue, value, id);
    if (!known) throw new Problem('item_unknown'); // deleted a moment later
    return itemOf(known);
  }
}
