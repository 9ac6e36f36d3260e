import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { namedUser, storedUser } from '../authentication.ts';
import { defineRoute } from '../define-route.ts';
import { Problem, problemResponses } from '../problem.ts';
import { json } from '../schemas/json.ts';
import { properUserId, userId, userParams } from '../schemas/users.ts';
import type { Services } from '../services.ts';
import { JSON_BODY_PROBLEMS, jsonBody } from '../validation.ts';

const state = z
  .object({
    items: z.int().openapi({ description: 'Items of the history that need no prefill' }),
    bytes: z.int(),
    age_seconds: z.int(),
  })
  .nullable()
  .openapi({ description: 'null: none is stored, or the cache could not be asked' });

const get = defineRoute({
  method: 'get',
  path: '/users/{user_id}',
  operationId: 'describeUser',
  tags: ['Users'],
  scopes: ['read'],
  summary: 'What is kept of a user',
  middleware: [properUserId],
  request: { params: userParams },
  responses: {
    200: {
      description: 'Length of the history, size and age of the cached state',
      content: json(z.object({ user_id: z.string(), length: z.int(), state })),
    },
    ...problemResponses('invalid_request', 'history_unavailable', 'overloaded'),
  },
  example: ({ user }) => ({ parameters: { user_id: user } }),
});

const remove = defineRoute({
  method: 'delete',
  path: '/users/{user_id}',
  operationId: 'forgetUser',
  tags: ['Users'],
  scopes: ['delete'],
  summary: 'Forget a user',
  description: 'Deletes the history, then every state and list made of it. Safe to repeat.',
  middleware: [properUserId],
  request: { params: userParams },
  responses: {
    204: { description: 'Nothing is left' },
    ...problemResponses('invalid_request', 'history_unavailable', 'cache_unavailable', 'overloaded'),
  },
  example: ({ user }) => ({ parameters: { user_id: user } }),
});

const merge = defineRoute({
  method: 'post',
  path: '/users/{user_id}/merge',
  operationId: 'mergeUser',
  tags: ['Users'],
  scopes: ['write', 'delete'],
  summary: 'Take in another user, for example a visitor who has signed in',
  description:
    'The other user’s interactions are added behind the user’s own, in their order, each once however often this is sent. Then the other user is forgotten.',
  middleware: [properUserId, ...jsonBody],
  request: {
    params: userParams,
    body: {
      required: true,
      content: json(
        z.strictObject({ from: userId.openapi({ description: 'The other user, who is then forgotten' }) }),
      ),
    },
  },
  responses: {
    200: {
      description: 'It is done',
      content: json(
        z.object({
          user_id: z.string(),
          length: z.int().openapi({ description: 'Interactions of the user so far' }),
          merged: z
            .int()
            .openapi({ description: 'How many came with this request; none when it is repeated' }),
        }),
      ),
    },
    ...problemResponses(
      ...JSON_BODY_PROBLEMS,
      'merge_under_way',
      'user_erased',
      'history_unavailable',
      'cache_unavailable',
      'overloaded',
    ),
  },
  example: ({ user }) => ({ parameters: { user_id: user }, body: { from: 'visitor-7' } }),
});

/** `GET` and `DELETE /users/{user_id}`, `POST /users/{user_id}/merge` */
export function users({ models, log, cache }: Services) {
  return new OpenAPIHono()
    .openapi(get, async (c) => {
      const { user_id } = c.req.valid('param');
      const user = storedUser(c, user_id);
      const { length } = await log.length(user);
      const known = await describe(c, user);
      const state = known && {
        items: known.items,
        bytes: known.bytes,
        age_seconds: Math.max(0, Math.round((Date.now() - known.written) / 1000)),
      };
      return c.json({ user_id, length, state }, 200);
    })
    .openapi(remove, async (c) => {
      const user = storedUser(c, c.req.valid('param').user_id);
      await log.clear(user); // from here on, no state that is left anywhere fits
      await forgetStates(user);
      return c.body(null, 204);
    })
    .openapi(merge, async (c) => {
      const { user_id } = c.req.valid('param');
      const { from } = c.req.valid('json');
      const [user, other] = [storedUser(c, user_id), namedUser(c, from)];
      if (other === user) {
        const { length } = await log.length(user);
        return c.json({ user_id, length, merged: 0 }, 200);
      }
      const { length, merged } = await log.merge(user, other);
      await forgetStates(other);
      return c.json({ user_id, length, merged }, 200);
    });

  async function forgetStates(user: string): Promise<void> {
    try {
      await cache.forget(user, await models.stateIds());
    } catch {
      const detail = 'The history is deleted, its cached state is not yet; send the request again';
      throw new Problem('cache_unavailable', { detail });
    }
  }

  async function describe(c: Context, user: string) {
    try {
      return await cache.describe(user, (await models.manifest(c.get('model'), user)).stateId);
    } catch {
      return null;
    }
  }
}
