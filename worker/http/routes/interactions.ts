import { OpenAPIHono, z } from '@hono/zod-openapi';
import { ModelUnavailable } from '../../engine/errors.ts';
import type { Event } from '../../history/event.ts';
import type { Model } from '../../models/model.ts';
import { resolve } from '../../recommend/history.ts';
import { storedUser } from '../authentication.ts';
import { cursor, decodeCursor, encodeCursor } from '../cursor.ts';
import { defineRoute } from '../define-route.ts';
import { decodePosition, encodePosition, interactionPosition } from '../position.ts';
import { Problem, problemResponses } from '../problem.ts';
import { eventType, itemId } from '../schemas/items.ts';
import { json } from '../schemas/json.ts';
import { eventsOf, idempotencyHeader, interactionList, properUserId, userParams } from '../schemas/users.ts';
import type { Services } from '../services.ts';
import { JSON_BODY_PROBLEMS, jsonBody } from '../validation.ts';

const append = defineRoute({
  method: 'post',
  path: '/users/{user_id}/interactions',
  operationId: 'appendInteractions',
  tags: ['Users'],
  scopes: ['write'],
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
    ...problemResponses(
      ...JSON_BODY_PROBLEMS,
      'idempotency_key_reused',
      'user_erased',
      'history_unavailable',
      'overloaded',
    ),
  },
  example: ({ user, ids: [a, b] }) => ({
    parameters: { user_id: user, 'idempotency-key': 'order-17' },
    body: { items: [{ id: a }, { id: b, timestamp: 1764000000 }] },
  }),
});

const read = defineRoute({
  method: 'get',
  path: '/users/{user_id}/interactions',
  operationId: 'listInteractions',
  tags: ['Users'],
  scopes: ['read'],
  summary: 'A user’s interactions, newest first',
  middleware: [properUserId],
  request: {
    params: userParams,
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      cursor,
    }),
  },
  responses: {
    200: {
      description: 'A page of interactions',
      content: json(
        z.object({
          items: z.array(
            z.object({
              id: itemId,
              timestamp: z.number().optional(),
              type: eventType.optional(),
              position: interactionPosition,
            }),
          ),
          next_cursor: z.string().nullable(),
        }),
      ),
    },
    ...problemResponses('invalid_request', 'history_unavailable', 'overloaded'),
  },
  example: ({ user }) => ({ parameters: { user_id: user, limit: 2 } }),
});

const takeBack = defineRoute({
  method: 'delete',
  path: '/users/{user_id}/interactions/{position}',
  operationId: 'takeBackInteraction',
  tags: ['Users'],
  scopes: ['delete'],
  summary: 'Take an interaction back, for example after a return',
  description:
    'From then on lists are those of a user who never had it. Positions come with `GET …/interactions`; none is given twice, so a repeated request can take nothing else back, and is a 404.',
  middleware: [properUserId],
  request: { params: userParams.extend({ position: interactionPosition }) },
  responses: {
    204: { description: 'The user has it no more' },
    ...problemResponses(
      'invalid_request',
      'interaction_unknown',
      'merge_under_way',
      'history_unavailable',
      'overloaded',
    ),
  },
  example: ({ user }) => ({ parameters: { user_id: user, position: '2-5f0c93ab' } }),
});

/** `POST` and `GET /users/{user_id}/interactions`, and `DELETE` of one of them */
export function interactions({ models, log }: Services) {
  return new OpenAPIHono()
    .openapi(append, async (c) => {
      const { user_id } = c.req.valid('param');
      const user = storedUser(c, user_id);
      const events = eventsOf(c.req.valid('json').items);
      const { length } = await log.append(user, events, c.req.valid('header')['idempotency-key']);
      const unknown_items = await unknownTo(() => models.model(c.get('model'), user), events);
      return c.json({ user_id, length, unknown_items }, 201);
    })
    .openapi(read, async (c) => {
      const user = storedUser(c, c.req.valid('param').user_id);
      const { limit, cursor } = c.req.valid('query');
      const page = await log.page(user, limit, cursor === undefined ? null : decodeCursor(cursor));
      const items = page.events.map(({ item: id, time, type, position }) => ({
        id,
        position: encodePosition(position, page.epoch),
        ...(time !== undefined && { timestamp: time }),
        ...(type !== undefined && { type }),
      }));
      return c.json({ items, next_cursor: page.next === null ? null : encodeCursor(page.next) }, 200);
    })
    .openapi(takeBack, async (c) => {
      const { user_id, position } = c.req.valid('param');
      const isRemoved = await log.takeBack(storedUser(c, user_id), decodePosition(position));
      if (!isRemoved) throw new Problem('interaction_unknown');
      return c.body(null, 204);
    });
}

/** What was stored stays stored when the model can't be loaded; then nobody can say which items it knows. */
async function unknownTo(load: () => Promise<Model>, events: Event[]): Promise<string[] | null> {
  try {
    return [...new Set(resolve(await load(), events).unknown)];
  } catch (error) {
    if (error instanceof ModelUnavailable) return null;
    throw error;
  }
}
