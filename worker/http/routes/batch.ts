import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { ModelUnavailable } from '../../engine/errors.ts';
import type { Models } from '../../models/rollout.ts';
import { noted } from '../../observe/facts.ts';
import { recommend } from '../../recommend/recommend.ts';
import { admitted } from '../admission.ts';
import { modelUnavailable, problemBody, problemResponses, problemSchema } from '../problem.ts';
import { json } from '../schemas/lists.ts';
import { JSON_BODY_PROBLEMS, jsonBody, rejectUnknownCategories } from '../validation.ts';
import { recommendationList, recommendationQuery } from './recommendations.ts';

/** They are computed one after another: long histories take some 20 ms each, and a request should end within a second. */
const MOST_REQUESTS = 32;

const route = createRoute({
  method: 'post',
  path: '/recommendations:batch',
  summary: 'Recommend items after each of several histories',
  description:
    'Each request is one of `POST /v1/recommendations`, and gets the answer that it gets there. One that is wrong is named by its index, and none is answered. If the engine fails at one of them, its place has the problem, and the others are answered. When there are too many requests at once (`overloaded`), it is refused as a whole.',
  middleware: jsonBody,
  request: {
    body: {
      required: true,
      content: json(
        z
          .strictObject({ requests: z.array(recommendationQuery).min(1).max(MOST_REQUESTS) })
          .openapi('BatchQuery'),
      ),
    },
  },
  responses: {
    200: {
      description: 'A list a request, in their order',
      content: json(
        z.object({ results: z.array(z.union([recommendationList, problemSchema])) }).openapi('BatchResults'),
      ),
    },
    ...problemResponses(...JSON_BODY_PROBLEMS, 'model_unavailable', 'overloaded'),
  },
});

/** `POST /recommendations:batch` */
export function batch(models: Models) {
  return new OpenAPIHono().openapi(route, async (c) => {
    const { requests } = c.req.valid('json');
    const model = admitted(c, await models.model(c));
    for (const [index, { categories }] of requests.entries()) {
      rejectUnknownCategories(model.catalogue, categories, `/requests/${index}/categories`);
    }
    const results: z.infer<typeof recommendationList | typeof problemSchema>[] = [];
    for (const [index, { history, ...query }] of requests.entries()) {
      try {
        results.push(noted(c, await recommend(model, history, query)));
      } catch (error) {
        if (!(error instanceof ModelUnavailable)) throw error;
        const problem = problemBody(c, modelUnavailable(error));
        console.error(JSON.stringify({ level: 'error', event: 'batch_request_failed', index, ...problem }));
        results.push(problem);
      }
    }
    return c.json({ results }, 200);
  });
}
