/** Lists of items: what requests may ask of them, and how they are answered. */
import { z } from '@hono/zod-openapi';
import { RANKERS, type RankerName } from '../../recommend/rankers/index.ts';
import { filterFields, filterParams } from './fields.ts';
import { eventType, itemId, PROPERTY_NAME, propertyName, title } from './items.ts';

/** The most active user of MovieLens-1M has 2,314 ratings; a longer history is a mistake or an attack. */
export const LONGEST_HISTORY = 10_000;
/** Of offset + k. More than anyone looks at; a beam of 20 prefixes still yields candidates for it. */
export const LARGEST_K = 100;

const K = 'How many items';
const OFFSET = `Better items to leave out: the list begins with rank offset + 1, and ends at ${LARGEST_K} at the latest`;

const ranker = z
  .enum(Object.keys(RANKERS) as [RankerName, ...RankerName[]])
  .optional()
  .openapi({
    description: `How the list is made, and what its scores are. ${Object.entries(RANKERS)
      .map(([name, { description }]) => `${name}: ${description}`)
      .join('. ')}. By default the ranker that was best on validation`,
  });

const DIVERSITY =
  'How different the items shall be: 0 orders by score alone, 1 by difference alone (maximal marginal relevance over the vectors of the best 200)';
const EXPLAIN = 'Whether each item says what brought it. It costs up to eight prefills of the context window';

const MOST_RETURNED = 40;
const returned = z.array(propertyName).max(MOST_RETURNED);
const RETURN = 'Properties that each item of the answer brings, where it has them';

const target = eventType.optional().openapi({
  description:
    'The type of event that the list should lead to, one that the model knows. By default the one that it was made for',
});

/** `ListQuery` in a body. */
export const listQuery = {
  k: z.int().min(1).max(LARGEST_K).default(10).openapi({ description: K }),
  offset: z.int().min(0).max(LARGEST_K).default(0).openapi({ description: OFFSET }),
  ...filterFields,
  ranker,
  diversity: z.number().min(0).max(1).optional().openapi({ description: DIVERSITY }),
  explain: z.boolean().optional().openapi({ description: EXPLAIN }),
  return: returned.default([]).openapi({ description: RETURN }),
  target,
};

const { include_seen: _, ...itemFilters } = filterParams;

/** What may be asked of a list about one item, in a URL. */
export const similarParams = {
  k: wholeNumber(1).default(10).openapi({ type: 'integer', minimum: 1, maximum: LARGEST_K, description: K }),
  offset: wholeNumber(0)
    .default(0)
    .openapi({ type: 'integer', minimum: 0, maximum: LARGEST_K, description: OFFSET }),
  ...itemFilters,
  diversity: z
    .preprocess((text) => (text === '' ? Number.NaN : text), z.coerce.number().min(0).max(1))
    .optional()
    .openapi({ type: 'number', minimum: 0, maximum: 1, description: DIVERSITY }),
  return: z
    .preprocess((value) => (typeof value === 'string' ? [value] : value), returned)
    .default([])
    .openapi({
      type: 'array',
      items: { type: 'string', pattern: PROPERTY_NAME.source },
      maxItems: MOST_RETURNED,
      description: `${RETURN}. Repeat it for more`,
    }),
};

/** `ListQuery` in a URL. */
export const listParams = {
  ...similarParams,
  include_seen: filterParams.include_seen,
  ranker,
  target,
  explain: z
    .enum(['true', 'false'])
    .optional()
    .openapi({ description: EXPLAIN })
    .transform((value) => value === 'true'),
};

/** For `transform`: a list ends at `LARGEST_K`, so a page may be short or empty. */
export function withinReach<Q extends { offset: number; k: number }>(query: Q): Q {
  return { ...query, k: Math.min(query.k, LARGEST_K - query.offset) };
}

/** A number in a URL. An empty one is a mistake, not zero. */
function wholeNumber(least: number) {
  const number = z.coerce.number().int().min(least).max(LARGEST_K);
  return z.preprocess((text) => (text === '' ? Number.NaN : text), number);
}

const listedItems = z.array(
  z.object({
    id: itemId,
    title,
    categories: z.array(z.string()),
    score: z.number(),
    rank: z.int().openapi({ description: 'From 1, best first' }),
    because: z.array(itemId).max(3).optional().openapi({
      description:
        'Items of the history that it often followed, the strongest first, when that helped to place it here',
    }),
    new: z.literal(true).optional().openapi({
      description: 'The model was not trained with it: its vector comes from its words',
    }),
    rules: z
      .array(z.string())
      .optional()
      .openapi({ description: 'Names of the rules that touch it (`GET /v1/rules`)' }),
    boost: z.number().optional().openapi({ description: 'What rules added to its score' }),
    explanation: z
      .object({
        history: z
          .array(z.object({ id: itemId, contribution: z.number() }))
          .max(3)
          .openapi({
            description:
              'Items of the history that raise its log-probability, the strongest first, and by how much: what is missing without them',
          }),
        categories: z.array(z.string()).openapi({ description: 'Categories that it shares with these' }),
        trending: z.literal(true).optional().openapi({
          description: 'It is among the hundred items that were taken most in the last day',
        }),
      })
      .optional()
      .openapi({ description: 'What brought it, where `explain` asks' }),
    properties: z.record(z.string(), z.any()).optional().openapi({
      type: 'object',
      additionalProperties: true,
      description: 'Those that `return` names and the item has',
    }),
  }),
);

const model = z.object({
  id: z.string().openapi({ description: 'Hash of the model that answered' }),
});

const catalogue = z
  .object({
    version: z.int().openapi({ description: 'Counts changes of the catalogue; 0: it is as trained' }),
    degraded: z.boolean().openapi({
      description:
        'The newest changes could not be read: the list is of the last catalogue that could, or of the trained one',
    }),
  })
  .openapi({ description: 'The catalogue that the list is of' });

/** A list of recommendations with this `cache`. */
export function listOf<T extends z.ZodType>(cache: T) {
  return z.object({
    recommendation_id: z.string().openapi({
      description: 'For `POST /v1/events`; it names the model, the ranker and the variant',
    }),
    items: listedItems,
    ranker: z.string().openapi({ description: 'What ordered the list' }),
    source: z.enum(['model', 'trending', 'popular']).openapi({
      description:
        '`model`: made from the history. `trending`: what was taken most in the last day, `popular`: the most popular items while little was; because the history has no known item or because `ranker` asks for them',
    }),
    model,
    catalogue,
    cache,
    ignored_items: z
      .array(itemId)
      .openapi({ description: 'Ids of the history that the model does not know: the first hundred of them' }),
    ignored_count: z.int().openapi({ description: 'How many ids of the history the model does not know' }),
  });
}

/** A list of items like another one. */
export const similarList = z.object({ items: listedItems, model, catalogue }).openapi('SimilarItems');
