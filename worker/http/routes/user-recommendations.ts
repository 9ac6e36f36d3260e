import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Tail } from '../../history/log.ts';
import type { Model } from '../../models/model.ts';
import { noted } from '../../observe/facts.ts';
import { MOST_SERVED } from '../../outcomes/served.ts';
import type { ListQuery } from '../../recommend/query.ts';
import { isAvailable, type RankerName } from '../../recommend/rankers/index.ts';
import { recommend } from '../../recommend/recommend.ts';
import { UserSource } from '../../recommend/user-states.ts';
import type { Left } from '../../recommend/visits.ts';
import { storedUser } from '../authentication.ts';
import { defineRoute } from '../define-route.ts';
import { problemResponses } from '../problem.ts';
import { rejectOverloaded, runOf, weigh } from '../run.ts';
import { json } from '../schemas/json.ts';
import { listOf, listParams, listQuery, withinReach } from '../schemas/lists.ts';
import { eventsOf, idempotencyHeader, interactionList, properUserId, userParams } from '../schemas/users.ts';
import type { Services } from '../services.ts';
import { JSON_BODY_PROBLEMS, jsonBody, rejectUnknown } from '../validation.ts';

const userList = listOf(
  z.object({
    status: z.enum(['hit', 'extended', 'miss']).openapi({
      description: 'hit: nothing was prefilled; extended: only what is new; miss: the whole context window',
    }),
    reused_items: z.int().openapi({ description: 'Items of the history whose state was cached' }),
    prefilled_items: z.int().openapi({ description: 'Items that were computed' }),
    state_bytes: z.int().openapi({ description: 'Size of the user’s state' }),
    window_start: z.int().openapi({ description: 'Items before the context window' }),
    window_moved: z.boolean().openapi({
      description: 'The context window moved on, and its state was rebuilt',
    }),
    degraded: z.boolean().openapi({
      description: 'The cache could not be read: the list is right, and was computed from the log',
    }),
  }),
)
  .extend({
    variant: z.string().optional().openapi({
      description: 'Which of the deployment’s variants made the list, where there are any',
    }),
  })
  .openapi('UserRecommendations');

const path = '/users/{user_id}/recommendations';

const get = defineRoute({
  method: 'get',
  path,
  operationId: 'recommendToUser',
  tags: ['Users'],
  scopes: ['read'],
  summary: 'Recommend items to a user',
  middleware: [properUserId],
  request: { params: userParams, query: z.strictObject(listParams).transform(withinReach) },
  responses: {
    200: { description: 'The items, best first', content: json(userList) },
    ...problemResponses('invalid_request', 'model_unavailable', 'history_unavailable', 'overloaded'),
  },
  example: ({ user, ids }) => ({ parameters: { user_id: user, k: 2, exclude: ids.slice(3) } }),
});

const post = defineRoute({
  method: 'post',
  path,
  operationId: 'appendAndRecommend',
  tags: ['Users'],
  scopes: ['read', 'write'],
  summary: 'Add interactions and recommend, in one request',
  description:
    'Without `items` nothing is added: for what is too long for a URL. The interactions are stored first, and stay stored when the recommendation fails. With an `Idempotency-Key` the request can be sent again, whatever the problem was.',
  middleware: [properUserId, ...jsonBody],
  request: {
    params: userParams,
    headers: idempotencyHeader,
    body: {
      required: true,
      content: json(
        z.strictObject({ items: interactionList.optional(), ...listQuery }).transform(withinReach),
      ),
    },
  },
  responses: {
    200: { description: 'The items, best first', content: json(userList) },
    ...problemResponses(
      ...JSON_BODY_PROBLEMS,
      'idempotency_key_reused',
      'user_erased',
      'model_unavailable',
      'history_unavailable',
      'overloaded',
    ),
  },
  example: ({ user, ids }) => ({
    parameters: { user_id: user, 'idempotency-key': 'order-18' },
    body: { items: [{ id: ids[2] }], k: 2 },
  }),
});

/** `GET` and `POST /users/{user_id}/recommendations` */
export function userRecommendations({ models, log, cache, outcomes, visits }: Services) {
  return new OpenAPIHono()
    .openapi(get, async (c) => {
      const user = storedUser(c, c.req.valid('param').user_id);
      const query = c.req.valid('query');
      await weigh(c, [query]);
      return c.json(await answer(c, user, query, 'query', tailOf(user)), 200);
    })
    .openapi(post, async (c) => {
      const { items, ...query } = c.req.valid('json');
      const user = storedUser(c, c.req.valid('param').user_id);
      await weigh(c, [query]);
      if (items === undefined) return c.json(await answer(c, user, query, '', tailOf(user)), 200);
      rejectOverloaded(c); // before anything is stored: the request will be sent again
      const isChecked = await rejectBeforeStoring(c, user, query);
      const once = c.req.valid('header')['idempotency-key'];
      const tail = log.appendAndTail(user, eventsOf(items), once, cache.place(user));
      if (!isChecked) await tail; // what may fail now must not stop it
      return c.json(await answer(c, user, query, '', tail), 200);
    });

  function tailOf(user: string): Promise<Tail> {
    return log.tail(user, cache.place(user));
  }

  /**
   * A wrong request stores nothing. Without a model nobody can say, and the interactions are stored. Returns
   * whether there is a model.
   */
  async function rejectBeforeStoring(c: Context, user: string, query: ListQuery): Promise<boolean> {
    const model = await models.model(c.get('model'), user).catch(() => null);
    if (model) rejectUnknown(model, query, '');
    return model !== null;
  }

  /** `place` leads to the query's fields in problems. `tail` may be on its way. */
  async function answer(c: Context, user: string, query: ListQuery, place: string, tail: Promise<Tail>) {
    const run = runOf(c);
    const source = new UserSource(log, cache, user, tail);
    const variant = await outcomes.variants.of(user);
    const model = await run.stage('model', () => models.model(c.get('model') ?? variant?.model, user));
    rejectUnknown(model, query, place);
    const ranker = query.ranker ?? variant?.ranker;
    const asked = { ...query, rules: variant?.rules, ranker: ranker && fitting(ranker, model) };
    const list = noted(c, await recommend(model, source, asked, run), variant?.name);
    const left = leftBy(list, variant?.name, await tail, source.stateId);
    const isNew = list.cache.status === 'miss';
    c.executionCtx.waitUntil(visits.keep(user, left, isNew).catch(() => {}));
    return { ...list, ...(variant && { variant: variant.name }) };
  }
}

/** What there is to write, whatever becomes of the user. */
function leftBy(
  { recommendation_id: id, items, ranker, model }: z.infer<typeof userList>,
  variant: string | undefined,
  { epoch, total }: Tail,
  stateId: string | undefined,
): Left {
  const ids = items.slice(0, MOST_SERVED).map((item) => item.id);
  if (ids.length === 0) return { stateId };
  const list = { id, model: model.id, ranker, variant: variant ?? '', items: ids };
  return { stateId, seen: { list, epoch, total } };
}

/** A variant may name a ranker that one of the models does not have; then the model's own makes the list. */
function fitting(ranker: RankerName, model: Model): RankerName | undefined {
  return isAvailable(ranker, model) ? ranker : undefined;
}
