import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Models } from '../../models/rollout.ts';
import { noted } from '../../observe/facts.ts';
import { recommend } from '../../recommend/recommend.ts';
import { given } from '../../recommend/states.ts';
import { defineRoute } from '../define-route.ts';
import { Problem, problemResponses } from '../problem.ts';
import { runOf } from '../run.ts';
import { itemParams } from '../schemas/items.ts';
import { json } from '../schemas/json.ts';
import { listParams, withinReach } from '../schemas/lists.ts';
import { rejectUnknown } from '../validation.ts';
import { recommendationList } from './recommendations.ts';

const route = defineRoute({
  method: 'get',
  path: '/items/{id}/next',
  operationId: 'nextItems',
  tags: ['Catalogue'],
  scopes: ['read'],
  summary: 'What people take after an item',
  description:
    'The list for a history of this item alone: for a product’s page, where nothing is known of the visitor. It is the same for everybody.',
  request: { params: itemParams, query: z.strictObject(listParams).transform(withinReach) },
  responses: {
    200: { description: 'The items, best first', content: json(recommendationList) },
    ...problemResponses('invalid_request', 'item_unknown', 'model_unavailable', 'overloaded'),
  },
  example: ({ ids: [id] }) => ({ parameters: { id, k: 2 } }),
});

/** `GET /items/{id}/next` */
export function next(models: Models) {
  return new OpenAPIHono().openapi(route, async (c) => {
    const { id } = c.req.valid('param');
    const query = c.req.valid('query');
    const run = runOf(c);
    const model = await run.stage('model', () => models.model(c.get('model')));
    if ((await model.catalogue.find(id)) === undefined) throw new Problem('item_unknown');
    rejectUnknown(model, query, 'query');
    return c.json(noted(c, await recommend(model, given([{ item: id }]), query, run)), 200);
  });
}
