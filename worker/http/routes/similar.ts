import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { Models } from '../../models/rollout.ts';
import { similarTo } from '../../recommend/similar.ts';
import { Problem, problemResponses } from '../problem.ts';
import { json, listParams, similarList, withinReach } from '../schemas/lists.ts';
import { rejectUnknownCategories } from '../validation.ts';
import { itemParams } from './items.ts';

const route = createRoute({
  method: 'get',
  path: '/items/{id}/similar',
  summary: 'Items like one of the catalogue',
  description:
    'Those that the model has learned to see alike, because like users took them or because their texts are alike. Scores are cosines, from -1 to 1.',
  request: { params: itemParams, query: z.strictObject(listParams).refine(...withinReach) },
  responses: {
    200: { description: 'The items, the most similar first', content: json(similarList) },
    ...problemResponses('invalid_request', 'item_unknown', 'model_unavailable', 'overloaded'),
  },
});

/** `GET /items/{id}/similar` */
export function similar(models: Models) {
  return new OpenAPIHono().openapi(route, async (c) => {
    const { id } = c.req.valid('param');
    const query = c.req.valid('query');
    const model = await models.model(c);
    const item = model.catalogue.indexOf(id);
    if (item === undefined) throw new Problem('item_unknown');
    rejectUnknownCategories(model.catalogue, query.categories, 'query/categories');
    return c.json(similarTo(model, item, query), 200);
  });
}
