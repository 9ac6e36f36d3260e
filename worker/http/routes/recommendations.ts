import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Event } from '../../history/event.ts';
import type { Models } from '../../models/rollout.ts';
import { noted } from '../../observe/facts.ts';
import { recommend } from '../../recommend/recommend.ts';
import { given } from '../../recommend/states.ts';
import { defineRoute } from '../define-route.ts';
import { problemResponses } from '../problem.ts';
import { runOf, weigh } from '../run.ts';
import { listUpTo } from '../schemas/bounded-list.ts';
import { eventType, itemId } from '../schemas/items.ts';
import { json } from '../schemas/json.ts';
import { LONGEST_HISTORY, listOf, listQuery, withinReach } from '../schemas/lists.ts';
import { JSON_BODY_PROBLEMS, jsonBody, rejectUnknown } from '../validation.ts';

const typedItem = z.strictObject({ id: itemId, type: eventType.optional() });

export const recommendationQuery = z
  .strictObject({
    history: listUpTo(LONGEST_HISTORY, z.union([itemId, typedItem]))
      .default([])
      .openapi({ description: 'Item ids, oldest first, or items with the types of their events' }),
    ...listQuery,
  })
  .transform(withinReach)
  .openapi('RecommendationQuery');

/** The history of a body as events. */
export function eventsOfHistory(history: z.infer<typeof recommendationQuery>['history']): Event[] {
  return history.map((each) => {
    if (typeof each === 'string') return { item: each };
    return each.type === undefined ? { item: each.id } : { item: each.id, type: each.type };
  });
}

const noCache = z.object({ status: z.literal('none'), reused_items: z.literal(0), prefilled_items: z.int() });

export const recommendationList = listOf(noCache).openapi('Recommendations');

const route = defineRoute({
  method: 'post',
  path: '/recommendations',
  operationId: 'recommend',
  tags: ['Recommendations'],
  scopes: ['read'],
  summary: 'Recommend items after a history',
  middleware: jsonBody,
  // Required so that the validation fills in the defaults; a POST without a body still gets them.
  request: { body: { required: true, content: json(recommendationQuery) } },
  responses: {
    200: { description: 'The items, best first', content: json(recommendationList) },
    ...problemResponses(...JSON_BODY_PROBLEMS, 'model_unavailable', 'overloaded'),
  },
  example: ({ ids }) => ({ body: { history: ids.slice(0, 3), k: 2 } }),
});

/** `POST /recommendations` */
export function recommendations(models: Models) {
  return new OpenAPIHono().openapi(route, async (c) => {
    const { history, ...query } = c.req.valid('json');
    const run = runOf(c);
    await weigh(c, [query]);
    const model = await run.stage('model', () => models.model(c.get('model')));
    rejectUnknown(model, query, '');
    const events = eventsOfHistory(history);
    return c.json(noted(c, await recommend(model, given(events), query, run)), 200);
  });
}
