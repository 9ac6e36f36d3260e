import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import type { ModelHost } from '../model-host.ts';
import { Problem, problemResponses } from '../problem.ts';
import { recommend } from '../recommender.ts';
import { utf8Body } from '../validation.ts';
import { itemId, json } from './schemas.ts';

/** Enough for the longest history with ids of some hundred bytes, and little beside an isolate's 128 MB. */
export const LARGEST_BODY = 1024 * 1024;
/** The most active user of MovieLens-1M has 2,314 ratings; a request beyond this is a mistake or an attack. */
export const LONGEST_HISTORY = 10_000;
/** As long as a history may be: callers exclude what they have shown or sold. */
export const LONGEST_EXCLUDE = 10_000;
/** More than anyone looks at; a beam of 20 prefixes still yields candidates for it. */
export const LARGEST_K = 100;

const query = z
  .strictObject({
    history: z.array(itemId).max(LONGEST_HISTORY).default([]),
    k: z.int().min(1).max(LARGEST_K).default(10),
    exclude: z.array(itemId).max(LONGEST_EXCLUDE).default([]),
    include_seen: z.boolean().default(false),
  })
  .openapi('RecommendationQuery', { example: { history: ['1', '1196'], k: 10 } });

const list = z
  .object({
    items: z.array(z.object({ id: itemId, title: z.string(), score: z.number(), rank: z.int() })),
    source: z.enum(['model', 'prior']),
    model: z.object({ id: z.string() }),
    cache: z.object({ status: z.enum(['none']), reused_items: z.int(), prefilled_items: z.int() }),
    ignored_items: z.array(itemId),
  })
  .openapi('Recommendations');

const limit = bodyLimit({
  maxSize: LARGEST_BODY,
  onError: () => {
    throw new Problem('body_too_large', { detail: `A body may have ${LARGEST_BODY} bytes` });
  },
});

const route = createRoute({
  method: 'post',
  path: '/recommendations',
  summary: 'Recommend items after a history, oldest first',
  middleware: [limit, utf8Body],
  // Required for the validation to fill in defaults; an empty POST still gets them.
  request: { body: { required: true, content: json(query) } },
  responses: {
    200: { description: 'The items, best first', content: json(list) },
    ...problemResponses(
      'malformed_json',
      'body_too_large',
      'unsupported_media_type',
      'invalid_request',
      'model_unavailable',
    ),
  },
});

/** `POST /recommendations` */
export function recommendations(host: ModelHost) {
  return new OpenAPIHono().openapi(route, async (c) => {
    const query = c.req.valid('json');
    return c.json(await recommend(await host.model(), query), 200);
  });
}
