import { OpenAPIHono, z } from '@hono/zod-openapi';
import { defineRoute } from '../define-route.ts';
import { problemResponses } from '../problem.ts';
import { json } from '../schemas/json.ts';
import type { Services } from '../services.ts';

/** The name of no user: theirs never begin so (`access/principal.ts`). */
const NOBODY = '\0readiness';

const route = defineRoute({
  method: 'get',
  path: '/v1/ready',
  operationId: 'ready',
  tags: ['Operation'],
  scopes: ['read'],
  summary: 'Whether users can be served',
  description:
    'Asks the model, a log and the store of states. Without a log or a model it is a 503; without the store lists are right, and cost more.',
  responses: {
    200: {
      description: 'Users can be served',
      content: json(
        z
          .object({
            status: z.enum(['ok', 'degraded']),
            states: z.enum(['ok', 'unavailable']).openapi({ description: 'The store of states' }),
          })
          .openapi('Readiness'),
      ),
    },
    ...problemResponses('model_unavailable', 'history_unavailable'),
  },
  example: () => ({}),
});

/** `GET /v1/ready`: it stores nothing. */
export function readiness({ models, log, cache }: Services) {
  return new OpenAPIHono().openapi(route, async (c) => {
    const [, , isStoring] = await Promise.all([
      models.model(c.get('model')),
      log.length(NOBODY),
      cache.isReachable(),
    ]);
    if (isStoring) return c.json({ status: 'ok' as const, states: 'ok' as const }, 200);
    return c.json({ status: 'degraded' as const, states: 'unavailable' as const }, 200);
  });
}
