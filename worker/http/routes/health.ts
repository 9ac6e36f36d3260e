import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Models } from '../../models/rollout.ts';
import { defineRoute } from '../define-route.ts';
import { problemResponses } from '../problem.ts';
import { json } from '../schemas/json.ts';

const health = z
  .object({
    status: z.literal('ok'),
    model: z.object({
      id: z.string(),
      name: z.string(),
      noun: z.string().openapi({ description: 'What one of the items is called, in the singular' }),
      items: z.int(),
      precision: z.enum(['int8', 'float32']),
    }),
  })
  .openapi('Health');

const route = defineRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'health',
  tags: ['Operation'],
  scopes: [],
  summary: 'Whether the service can recommend',
  responses: {
    200: { description: 'The model is loaded', content: json(health) },
    ...problemResponses('model_unavailable'),
  },
  example: () => ({}),
});

/** `GET /healthz`: healthy only once the model is loaded. */
export function healthz(models: Models) {
  return new OpenAPIHono().openapi(route, async (c) => {
    const { manifest, catalogue } = await models.model(c.get('model'));
    const { id, name, noun, precision } = manifest;
    const model = { id, name, noun, items: catalogue.size, precision };
    return c.json({ status: 'ok' as const, model }, 200);
  });
}
