import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { ModelUnavailable } from '../../engine/errors.ts';
import type { Model } from '../../models/model.ts';
import { resolve } from '../../recommend/recommend.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { problemResponses } from '../problem.ts';
import { itemId, json } from '../schemas/lists.ts';
import { idempotencyHeader, interactionList, properUserId, userParams } from '../schemas/users.ts';
import type { Services } from '../services.ts';
import { JSON_BODY_PROBLEMS, jsonBody } from '../validation.ts';

const append = createRoute({
  method: 'post',
  path: '/users/{user_id}/interactions',
  summary: 'Add interactions to a user, oldest first',
  description:
    'Answers once they are stored. Items may be newer than the model; they count once a later model knows them.',
  middleware: [properUserId, ...jsonBody],
  request: {
    params: userParams,
    headers: idempotencyHeader,
    body: { required: true, content: json(z.strictObject({ items: interactionList })) },
  },
  responses: {
    201: {
      description: 'They are stored',
      content: json(
        z.object({
          user_id: z.string(),
          length: z.int().openapi({ description: 'Interactions of the user so far' }),
          unknown_items: z.array(itemId).nullable().openapi({
            description: 'Ids that the model does not know yet; null when it could not be asked',
          }),
        }),
      ),
    },
    ...problemResponses(...JSON_BODY_PROBLEMS, 'idempotency_key_reused', 'history_unavailable', 'overloaded'),
  },
});

const read = createRoute({
  method: 'get',
  path: '/users/{user_id}/interactions',
  summary: 'A user’s interactions, newest first',
  middleware: [properUserId],
  request: {
    params: userParams,
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      cursor: z.string().optional().openapi({ description: '`next_cursor` of the page before' }),
    }),
  },
  responses: {
    200: {
      description: 'A page of interactions',
      content: json(
        z.object({
          items: z.array(z.object({ id: itemId, timestamp: z.number().optional() })),
          next_cursor: z.string().nullable(),
        }),
      ),
    },
    ...problemResponses('invalid_request', 'history_unavailable', 'overloaded'),
  },
});

/** `POST` and `GET /users/{user_id}/interactions` */
export function interactions({ models, log }: Services) {
  return new OpenAPIHono()
    .openapi(append, async (c) => {
      const { user_id } = c.req.valid('param');
      const { items } = c.req.valid('json');
      const { length } = await log.append(user_id, items, c.req.valid('header')['idempotency-key']);
      const unknown_items = await unknownTo(
        () => models.model(c, user_id),
        items.map(({ id }) => id),
      );
      return c.json({ user_id, length, unknown_items }, 201);
    })
    .openapi(read, async (c) => {
      const { user_id } = c.req.valid('param');
      const { limit, cursor } = c.req.valid('query');
      const page = await log.page(user_id, limit, cursor === undefined ? null : decodeCursor(cursor));
      const items = page.items.map(({ id, timestamp }) => ({
        id,
        ...(timestamp !== undefined && { timestamp }),
      }));
      return c.json({ items, next_cursor: page.next === null ? null : encodeCursor(page.next) }, 200);
    });
}

/** What was stored stays stored when the model can't be loaded: then nobody can say. */
async function unknownTo(load: () => Promise<Model>, ids: string[]): Promise<string[] | null> {
  try {
    return resolve(await load(), ids).ignored;
  } catch (error) {
    if (error instanceof ModelUnavailable) return null;
    throw error;
  }
}
