/** What requests and answers have in common. */
import { z } from '@hono/zod-openapi';
import { RANKERS } from '../../models/manifest.ts';

/** Ids come from anyone's catalogue; no real one is longer, and control characters are no part of a name. */
const LONGEST_ID = 200;

export const itemId = z
  .string()
  .min(1)
  .max(LONGEST_ID)
  .refine((id) => !/\p{Cc}/u.test(id), 'Control characters are not allowed')
  .openapi({ example: '1196' });

export const item = z
  .object({
    id: itemId,
    title: z.string().openapi({ example: 'Star Wars: Episode V - The Empire Strikes Back (1980)' }),
    categories: z.array(z.string()).openapi({ example: ['Action', 'Adventure', 'Drama', 'Sci-Fi', 'War'] }),
    count: z
      .int()
      .openapi({ description: 'Interactions with it that the model was trained on', example: 2969 }),
  })
  .openapi('Item');

/** The most active user of MovieLens-1M has 2,314 ratings; a request beyond this is a mistake or an attack. */
export const LONGEST_HISTORY = 10_000;
/** As long as a history may be: callers exclude what they have shown or sold. */
export const LONGEST_EXCLUDE = 10_000;
/** More than a page lets its visitors choose from. */
export const MOST_CATEGORIES = 100;
/** Of offset + k. More than anyone looks at; a beam of 20 prefixes still yields candidates for it. */
export const LARGEST_K = 100;

const OFFSET = 'Better items to leave out: the list begins with rank offset + 1';
const EXCLUDE = 'Ids that must not be in the list; others take their places';
const CATEGORIES = 'Only items of at least one of these (`GET /v1/categories`); of any when empty';

/** How a list is made of a history's state. */
export const decoder = z.enum(RANKERS).optional().openapi({
  description:
    'latent: every item by its vector; beam: semantic-ID codes by beam search; hybrid: what the beam finds, by the sum of both. By default what was best on validation',
});

/** What may be asked of a list in a body (`RecommendationQuery`). */
export const listQuery = {
  k: z.int().min(1).max(LARGEST_K).default(10).openapi({ description: 'How many items' }),
  offset: z.int().min(0).max(LARGEST_K).default(0).openapi({ description: OFFSET }),
  exclude: z.array(itemId).max(LONGEST_EXCLUDE).default([]).openapi({ description: EXCLUDE }),
  categories: z
    .array(z.string())
    .max(MOST_CATEGORIES)
    .default([])
    .openapi({ description: CATEGORIES, example: ['Comedy'] }),
  include_seen: z
    .boolean()
    .default(false)
    .openapi({ description: 'Whether items of the history may be recommended again' }),
  decoder,
};

/** What may be asked of any list in a URL (`ListQuery`). */
export const listParams = {
  k: wholeNumber(1).default(10).openapi({ type: 'integer', description: 'How many items' }),
  offset: wholeNumber(0).default(0).openapi({ type: 'integer', description: OFFSET }),
  exclude: repeated(itemId, LONGEST_EXCLUDE).openapi({ description: `${EXCLUDE}. Repeat it for more` }),
  categories: repeated(z.string(), MOST_CATEGORIES).openapi({
    description: `${CATEGORIES}. Repeat it for more`,
    example: ['Comedy'],
  }),
};

/** For `refine`: a list ends at `LARGEST_K`. */
export const withinReach: [
  (list: { offset: number; k: number }) => boolean,
  { path: string[]; error: string },
] = [
  ({ offset, k }) => offset + k <= LARGEST_K,
  { path: ['offset'], error: `offset + k may be ${LARGEST_K} at most` },
];

/** A number of a list in a URL; an empty one is a mistake, not zero. */
function wholeNumber(least: number) {
  const number = z.coerce.number().int().min(least).max(LARGEST_K);
  return z.preprocess((text) => (text === '' ? Number.NaN : text), number);
}

/** A query parameter that may come once or more often. */
function repeated<T extends z.ZodType<string, string>>(each: T, most: number) {
  return z.union([each.transform((one) => [one]), z.array(each).max(most)]).default([]);
}

const listedItems = z.array(
  z.object({
    id: itemId,
    title: z.string().openapi({ example: 'Star Wars: Episode V - The Empire Strikes Back (1980)' }),
    score: z.number().openapi({ example: -3.38 }),
    rank: z.int().openapi({ description: 'From 1, best first', example: 1 }),
  }),
);

const model = z.object({
  id: z.string().openapi({ description: 'Hash of the model that answered', example: 'c41e16d715e40ed5' }),
});

/** A list of recommendations whose `cache` says this. */
export function listOf<T extends z.ZodType>(cache: T) {
  return z.object({
    items: listedItems,
    source: z.enum(['model', 'popular']).openapi({
      description:
        '`model`: scores are log-probabilities of the items as the next one. `popular`: the history has no known item; the most popular items, scores are logs of their shares of all interactions',
    }),
    model,
    cache,
    ignored_items: z
      .array(itemId)
      .openapi({ description: 'Ids of the history that the model does not know', example: [] }),
  });
}

/** A list of items like another one. */
export const similarList = z.object({ items: listedItems, model }).openapi('SimilarItems');

/** The `content` of a JSON body. */
export function json<T extends z.ZodType>(schema: T) {
  return { 'application/json': { schema } };
}
