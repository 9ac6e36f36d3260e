import { OpenAPIHono, z } from '@hono/zod-openapi';
import { SHOWN } from '../../outcomes/outcomes.ts';
import { type Maker, makerOf, RECOMMENDATION_ID, recommendationId } from '../../outcomes/served.ts';
import { BUCKETS, bucketOf } from '../../outcomes/variants.ts';
import { RANKERS } from '../../recommend/rankers/index.ts';
import { callerOf } from '../authentication.ts';
import { defineRoute } from '../define-route.ts';
import { invalidRequest, Problem, problemResponses } from '../problem.ts';
import { itemId } from '../schemas/items.ts';
import { json } from '../schemas/json.ts';
import type { Services } from '../services.ts';
import { JSON_BODY_PROBLEMS, jsonBody } from '../validation.ts';

const maker = {
  model: z.string().openapi({ description: 'Id of the model' }),
  ranker: z.string(),
  variant: z.string().openapi({ description: 'Empty without variants' }),
};

const sums = z.object({
  ...maker,
  bucket: z.int().openapi({ description: `Users fall into ${BUCKETS} buckets by the hash of their ids` }),
  judged: z.int().openapi({ description: 'Lists whose users then did something' }),
  hits: z.int().openapi({ description: `Of these, lists whose first ${SHOWN} items had what they took` }),
  reciprocal: z.number().openapi({ description: 'Sum of 1 / rank of what they took' }),
  clicked: z.int(),
  bought: z.int(),
});

const get = defineRoute({
  method: 'get',
  path: '/outcomes',
  operationId: 'listOutcomes',
  tags: ['Operation'],
  scopes: ['admin'],
  summary: 'What became of the lists, by who made them',
  description:
    'Sums over all isolates. When a kept user’s next interactions come, the service looks them up in the list that the user saw last, if that was within a day. `npm run report` makes a comparison of it.',
  responses: {
    200: {
      description: 'The sums of each maker and bucket',
      content: json(
        z.object({
          sums: z.array(sums),
          coverage: z.array(
            z.object({
              ...maker,
              items: z.int().openapi({ description: `Different items among the first ${SHOWN}` }),
            }),
          ),
        }),
      ),
    },
    ...problemResponses('outcomes_unavailable', 'overloaded'),
  },
  example: () => ({}),
});

const clear = defineRoute({
  method: 'delete',
  path: '/outcomes',
  operationId: 'clearOutcomes',
  tags: ['Operation'],
  scopes: ['admin'],
  summary: 'Begin the comparison anew',
  responses: {
    204: { description: 'All sums are zero' },
    ...problemResponses('outcomes_unavailable', 'overloaded'),
  },
  example: () => ({}),
});

const listId = z.string().openapi({ pattern: RECOMMENDATION_ID.source });
const ids = z.array(itemId).max(100).default([]);

const tell = defineRoute({
  method: 'post',
  path: '/events',
  operationId: 'tellOutcome',
  tags: ['Operation'],
  scopes: ['write'],
  summary: 'Say what was clicked or bought in a list',
  description:
    'Optional: what kept users do next is seen without it. For lists of anonymous visitors, and for clicks.',
  middleware: jsonBody,
  request: {
    body: {
      required: true,
      content: json(z.strictObject({ recommendation_id: listId, clicked: ids, bought: ids })),
    },
  },
  responses: {
    202: { description: 'It will be counted' },
    ...problemResponses(...JSON_BODY_PROBLEMS, 'list_unknown', 'model_unavailable', 'overloaded'),
  },
  example: ({ ids: [id], model }) => ({
    body: {
      recommendation_id: recommendationId({ model, ranker: 'latent', variant: '' }),
      clicked: [id],
    },
  }),
});

/** `GET` and `DELETE /outcomes`, `POST /events` */
export function outcomes({ outcomes, models }: Services) {
  /** Sums are kept for makers, so only lists that this deployment can have made count. */
  async function mayHaveMade({ model, ranker, variant }: Maker): Promise<boolean> {
    const isRanker = Object.hasOwn(RANKERS, ranker);
    return isRanker && outcomes.variants.has(variant) && (await models.ids()).includes(model);
  }

  return new OpenAPIHono()
    .openapi(get, async (c) => c.json(await asked(() => outcomes.totals()), 200))
    .openapi(clear, async (c) => {
      await asked(() => outcomes.clear());
      return c.body(null, 204);
    })
    .openapi(tell, async (c) => {
      callerOf(c);
      const { recommendation_id, clicked, bought } = c.req.valid('json');
      const maker = makerOf(recommendation_id);
      if (maker === null) {
        throw invalidRequest([{ path: '/recommendation_id', message: 'Not an id of a list' }]);
      }
      if (!(await mayHaveMade(maker))) throw new Problem('list_unknown');
      const bucket = await bucketOf(recommendation_id);
      outcomes.told(maker, bucket, { clicked: clicked.length, bought: bought.length });
      return c.body(null, 202);
    });
}

async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw new Problem('outcomes_unavailable', { cause });
  }
}
