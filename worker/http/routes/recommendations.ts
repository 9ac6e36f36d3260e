import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { Models } from '../../models/rollout.ts';
import { noted } from '../../observe/facts.ts';
import { stagesOf } from '../../observe/stages.ts';
import { recommend } from '../../recommend/recommend.ts';
import { admitted } from '../admission.ts';
import { problemResponses } from '../problem.ts';
import { itemId, json, LONGEST_HISTORY, listOf, listQuery, withinReach } from '../schemas/lists.ts';
import { JSON_BODY_PROBLEMS, jsonBody, rejectUnknownCategories } from '../validation.ts';

export const recommendationQuery = z
  .strictObject({
    history: z
      .array(itemId)
      .max(LONGEST_HISTORY)
      .default([])
      .openapi({ description: 'Item ids, oldest first' }),
    ...listQuery,
  })
  .refine(...withinReach)
  .openapi('RecommendationQuery');

const noCache = z.object({ status: z.literal('none'), reused_items: z.literal(0), prefilled_items: z.int() });

export const recommendationList = listOf(noCache).openapi('Recommendations');

const route = createRoute({
  method: 'post',
  path: '/recommendations',
  summary: 'Recommend items after a history',
  middleware: jsonBody,
  // Required for the validation to fill in defaults; an empty POST still gets them.
  request: { body: { required: true, content: json(recommendationQuery) } },
  responses: {
    200: { description: 'The items, best first', content: json(recommendationList) },
    ...problemResponses(...JSON_BODY_PROBLEMS, 'model_unavailable', 'overloaded'),
  },
});

/** `POST /recommendations` */
export function recommendations(models: Models) {
  return new OpenAPIHono().openapi(route, async (c) => {
    const { history, ...query } = c.req.valid('json');
    const stage = stagesOf(c);
    const model = admitted(c, await stage('model', models.model(c)));
    rejectUnknownCategories(model.catalogue, query.categories, '/categories');
    return c.json(noted(c, await stage('recommend', recommend(model, history, query))), 200);
  });
}
