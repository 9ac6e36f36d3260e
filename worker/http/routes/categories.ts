import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Models } from '../../models/rollout.ts';
import { defineRoute } from '../define-route.ts';
import { problemResponses } from '../problem.ts';
import { json } from '../schemas/json.ts';

const categoryList = z
  .object({
    categories: z.array(
      z.object({ name: z.string(), items: z.int().openapi({ description: 'Items that belong to it' }) }),
    ),
  })
  .openapi('Categories');

const route = defineRoute({
  method: 'get',
  path: '/categories',
  operationId: 'listCategories',
  tags: ['Catalogue'],
  scopes: ['read'],
  summary: 'The categories of the catalogue, the largest first',
  description: 'What `categories` of a list may name. An item may belong to several, or to none.',
  responses: {
    200: { description: 'All of them', content: json(categoryList) },
    ...problemResponses('model_unavailable', 'overloaded'),
  },
  example: () => ({}),
});

/** `GET /categories` */
export function categories(models: Models) {
  return new OpenAPIHono().openapi(route, async (c) => {
    const { catalogue } = await models.model(c.get('model'));
    return c.json({ categories: catalogue.largestCategories() }, 200);
  });
}
