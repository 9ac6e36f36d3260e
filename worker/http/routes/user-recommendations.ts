import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { StoredState } from '../../cache/state-codec.ts';
import { noted } from '../../observe/facts.ts';
import { stagesOf } from '../../observe/stages.ts';
import type { RecommendationQuery } from '../../recommend/recommend.ts';
import { recommendUser } from '../../recommend/recommend-user.ts';
import { admitted } from '../admission.ts';
import { problemResponses } from '../problem.ts';
import { decoder, json, listOf, listParams, listQuery, withinReach } from '../schemas/lists.ts';
import { idempotencyHeader, interactionList, properUserId, userParams } from '../schemas/users.ts';
import type { Services } from '../services.ts';
import { JSON_BODY_PROBLEMS, jsonBody, rejectUnknownCategories } from '../validation.ts';

const userList = listOf(
  z.object({
    status: z.enum(['hit', 'extended', 'miss']).openapi({
      description: 'hit: nothing was prefilled; extended: only what is new; miss: the whole window',
      example: 'extended',
    }),
    reused_items: z.int().openapi({ description: 'Items of the history that were there', example: 2 }),
    prefilled_items: z.int().openapi({ description: 'Items that were computed', example: 1 }),
    state_bytes: z.int().openapi({ description: 'Size of the user’s state', example: 2168 }),
    window_start: z.int().openapi({ description: 'Items that the window has left behind', example: 0 }),
    window_moved: z.boolean().openapi({
      description: 'The window moved on, and its state was built anew',
      example: false,
    }),
    degraded: z.boolean().openapi({
      description: 'The cache could not be read: the list is right, and was computed from the log',
      example: false,
    }),
  }),
).openapi('UserRecommendations');

const path = '/users/{user_id}/recommendations';

const get = createRoute({
  method: 'get',
  path,
  summary: 'Recommend items to a user',
  middleware: [properUserId],
  request: {
    params: userParams,
    query: z
      .strictObject({
        ...listParams,
        include_seen: z
          .enum(['true', 'false'])
          .default('false')
          .openapi({ description: 'Whether items of the history may be recommended again' }),
        decoder,
      })
      .refine(...withinReach),
  },
  responses: {
    200: { description: 'The items, best first', content: json(userList) },
    ...problemResponses('invalid_request', 'model_unavailable', 'history_unavailable', 'overloaded'),
  },
});

const post = createRoute({
  method: 'post',
  path,
  summary: 'Add interactions and recommend, in one request',
  description:
    'The interactions are stored first, and stay stored when the recommendation fails. With an `Idempotency-Key` the request can be sent again, whatever the problem was.',
  middleware: [properUserId, ...jsonBody],
  request: {
    params: userParams,
    headers: idempotencyHeader,
    body: {
      required: true,
      content: json(z.strictObject({ items: interactionList, ...listQuery }).refine(...withinReach)),
    },
  },
  responses: {
    200: { description: 'The items, best first', content: json(userList) },
    ...problemResponses(
      ...JSON_BODY_PROBLEMS,
      'idempotency_key_reused',
      'model_unavailable',
      'history_unavailable',
      'overloaded',
    ),
  },
});

/** `GET` and `POST /users/{user_id}/recommendations` */
export function userRecommendations({ models, log, cache }: Services) {
  return new OpenAPIHono()
    .openapi(get, async (c) => {
      const { include_seen, ...query } = c.req.valid('query');
      const { user_id } = c.req.valid('param');
      const whole = { ...query, include_seen: include_seen === 'true' };
      return c.json(await answer(c, user_id, whole, 'query/categories'), 200);
    })
    .openapi(post, async (c) => {
      const { items, ...query } = c.req.valid('json');
      const { user_id } = c.req.valid('param');
      await rejectBeforeStoring(c, user_id, query.categories);
      await log.append(user_id, items, c.req.valid('header')['idempotency-key']);
      return c.json(await answer(c, user_id, query, '/categories'), 200);
    });

  /** A wrong request leaves nothing behind. Without a model nobody can say, and the interactions are stored all the same. */
  async function rejectBeforeStoring(c: Context, user: string, categories: string[]): Promise<void> {
    if (categories.length === 0) return;
    const model = await models.model(c, user).catch(() => null);
    if (model) rejectUnknownCategories(model.catalogue, categories, '/categories');
  }

  /** `path` leads to the query's categories. */
  async function answer(c: Context, user: string, query: RecommendationQuery, path: string) {
    const stage = stagesOf(c);
    const [model, snapshot] = await Promise.all([
      stage('model', models.model(c, user)),
      stage('log', log.read(user)),
    ]);
    rejectUnknownCategories(model.catalogue, query.categories, path);
    const { list, later } = await recommendUser(admitted(c, model), cache, user, snapshot, query, stage);
    c.executionCtx.waitUntil(later.then((written) => written && withdrawIfDeleted(user, written)));
    return noted(c, list);
  }

  /**
   * The user may be deleted, through any isolate, while a state of the deleted log is on its way to the store. So
   * whoever has written looks at the log once more, and takes back what should not be there.
   */
  async function withdrawIfDeleted(user: string, { model, epoch }: StoredState): Promise<void> {
    try {
      const now = await log.length(user);
      if (now.epoch !== epoch) await cache.forget(user, [model]);
    } catch {
      // The state fits no other log, and expires.
    }
  }
}
