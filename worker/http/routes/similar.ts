import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Models } from '../../models/rollout.ts';
import { recommend } from '../../recommend/recommend.ts';
import { given } from '../../recommend/states.ts';
import { defineRoute } from '../define-route.ts';
import { Problem, problemResponses } from '../problem.ts';
import { runOf } from '../run.ts';
import { itemParams } from '../schemas/items.ts';
import { json } from '../schemas/json.ts';
import { similarList, similarParams, withinReach } from '../schemas/lists.ts';
import { rejectUnknown } from '../validation.ts';

const route = defineRoute({
  method: 'get',
  path: '/items/{id}/similar',
  operationId: 'similarItems',
  tags: ['Catalogue'],
  scopes: ['read'],
  summary: 'Items like one of the catalogue',
  description:
    'Items that the model has learned to see alike, because similar users took them or because their texts are alike. Scores are cosines, from -1 to 1.',
  request: { params: itemParams, query: z.strictObject(similarParams).transform(withinReach) },
  responses: {
    200: { description: 'The items, the most similar first', content: json(similarList) },
    ...problemResponses('invalid_request', 'item_unknown', 'model_unavailable', 'overloaded'),
  },
  example: ({ ids: [id, other], category }) => ({
    parameters: { id, k: 2, ...(category && { categories: [category] }), exclude: [other] },
  }),
});

/** `GET /items/{id}/similar` */
export function similar(models: Models) {
  return new OpenAPIHono().openapi(route, async (c) => {
    const { id } = c.req.valid('param');
    const query = { ...c.req.valid('query'), include_seen: false, ranker: 'similar' as const };
    const model = await models.model(c.get('model'));
    if ((await model.catalogue.find(id)) === undefined) throw new Problem('item_unknown');
    rejectUnknown(model, query, 'query');
    const list = await recommend(model, given([{ item: id }]), query, runOf(c));
    return c.json({ items: list.items, model: list.model, catalogue: list.catalogue }, 200);
  });
}
