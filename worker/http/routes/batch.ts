import { OpenAPIHono, z } from '@hono/zod-openapi';
import { ModelUnavailable } from '../../engine/errors.ts';
import type { Models } from '../../models/rollout.ts';
import { noted } from '../../observe/facts.ts';
import { recommend } from '../../recommend/recommend.ts';
import { given } from '../../recommend/states.ts';
import { defineRoute } from '../define-route.ts';
import { modelUnavailable, problemBody, problemResponses, problemSchema } from '../problem.ts';
import { runOf, weigh } from '../run.ts';
import { json } from '../schemas/json.ts';
import { JSON_BODY_PROBLEMS, jsonBody, rejectUnknown, validated } from '../validation.ts';
import { eventsOfHistory, recommendationList, recommendationQuery } from './recommendations.ts';

/**
 * They are computed one after another: long histories take some 20 ms each, and a request should end within a
 * second.
 */
const MOST_REQUESTS = 32;

/** Each is checked by itself, so that others get in between. */
const unchecked = z.unknown() as unknown as z.ZodType<unknown, z.input<typeof recommendationQuery>>;
const QUERIES = {
  type: 'array',
  items: { $ref: '#/components/schemas/RecommendationQuery' },
  minItems: 1,
  maxItems: MOST_REQUESTS,
} as const;

const route = defineRoute({
  method: 'post',
  path: '/recommendations:batch',
  operationId: 'recommendBatch',
  tags: ['Recommendations'],
  scopes: ['read'],
  summary: 'Recommend items after each of several histories',
  description:
    'Each request is one of `POST /v1/recommendations` and gets the same answer. If one is wrong, it is named by its index and none is answered. If the engine fails at one, its place holds the problem and the others are answered. When there are too many requests at once (`overloaded`), the batch is refused as a whole.',
  middleware: jsonBody,
  request: {
    body: {
      required: true,
      content: json(
        z
          .strictObject({ requests: z.array(unchecked).min(1).max(MOST_REQUESTS).openapi(QUERIES) })
          .openapi('BatchQuery'),
      ),
    },
  },
  responses: {
    200: {
      description: 'One list per request, in their order',
      content: json(
        z.object({ results: z.array(z.union([recommendationList, problemSchema])) }).openapi('BatchResults'),
      ),
    },
    ...problemResponses(...JSON_BODY_PROBLEMS, 'model_unavailable', 'overloaded'),
  },
  example: ({ ids: [a, b, c], category }) => ({
    body: {
      requests: [
        { history: [a, b], k: 1 },
        { history: [c], ...(category && { categories: [category] }), k: 1 },
      ],
    },
  }),
});

/** `POST /recommendations:batch` */
export function batch(models: Models) {
  return new OpenAPIHono().openapi(route, async (c) => {
    const unchecked = c.req.valid('json').requests;
    const admitted = c.get('admitted');
    admitted.weigh(unchecked.length); // at least
    const requests: z.output<typeof recommendationQuery>[] = [];
    for (const [index, request] of unchecked.entries()) {
      if (index > 0) await admitted.between();
      requests.push(validated(recommendationQuery, request, ['requests', index]));
    }
    const run = runOf(c);
    await weigh(c, requests);
    const model = await models.model(c.get('model'));
    for (const [index, query] of requests.entries()) {
      rejectUnknown(model, query, `/requests/${index}`);
    }
    const results: z.infer<typeof recommendationList | typeof problemSchema>[] = [];
    for (const [index, { history, ...query }] of requests.entries()) {
      if (index > 0) await admitted.between();
      try {
        const events = eventsOfHistory(history);
        results.push(noted(c, await recommend(model, given(events), query, run)));
      } catch (error) {
        if (!(error instanceof ModelUnavailable)) throw error;
        const problem = problemBody(c, modelUnavailable(error));
        const { message } = error;
        console.error(
          JSON.stringify({ level: 'error', event: 'batch_request_failed', index, message, ...problem }),
        );
        results.push(problem);
      }
    }
    return c.json({ results }, 200);
  });
}
