import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { Models } from '../../models/rollout.ts';
import { problemResponses } from '../problem.ts';
import { json } from '../schemas/lists.ts';

const categoryList = z
  .object({
    categories: z.array(
      z.object({ name: z.string(), items: z.int().openapi({ description: 'Items that belong to it' }) }),
    ),
  })
  .openapi('Categories');

const route = createRoute({
  method: 'get',
  path: '/categories',
  summary: 'The categories of the catalogue, the largest first',
  description: 'What `categories` of a list may name. An item may belong to several, or to none.',
  responses: {
    200: { description: 'All of them', content: json(categoryList) },
    ...problemResponses('model_unavailable', 'overloaded'),
  },
});

/** `GET /categories` */
export function categories(models: Models) {
  return new OpenAPIHono().openapi(route, async (c) => {
    const { catalogue } = await models.model(c);
    const counted = [...catalogue.categories].map(([name, items]) => ({ name, items: items.length }));
    counted.sort((a, b) => b.items - a.items || (a.name < b.name ? -1 : 1));
    return c.json({ categories: counted }, 200);
  });
}
