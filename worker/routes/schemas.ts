/** What requests and answers have in common. */
import { z } from '@hono/zod-openapi';

/** Ids come from anyone's catalogue; no real one is longer, and control characters are no part of a name. */
const LONGEST_ID = 200;

export const itemId = z
  .string()
  .min(1)
  .max(LONGEST_ID)
  .refine((id) => !/\p{Cc}/u.test(id), 'Control characters are not allowed')
  .openapi({ example: '1196' });

export const item = z
  .object({ id: itemId, title: z.string(), categories: z.array(z.string()) })
  .openapi('Item');

/** The most active user of MovieLens-1M has 2,314 ratings; a request beyond this is a mistake or an attack. */
export const LONGEST_HISTORY = 10_000;
/** As long as a history may be: callers exclude what they have shown or sold. */
export const LONGEST_EXCLUDE = 10_000;
/** More than anyone looks at; a beam of 20 prefixes still yields candidates for it. */
export const LARGEST_K = 100;

/** What may be asked of a list in a body (`ListQuery`). */
export const listQuery = {
  k: z.int().min(1).max(LARGEST_K).default(10),
  exclude: z.array(itemId).max(LONGEST_EXCLUDE).default([]),
  include_seen: z.boolean().default(false),
};

/** A list of recommendations whose `cache` says this. */
export function listOf<T extends z.ZodType>(cache: T) {
  return z.object({
    items: z.array(z.object({ id: itemId, title: z.string(), score: z.number(), rank: z.int() })),
    source: z.enum(['model', 'prior']),
    model: z.object({ id: z.string() }),
    cache,
    ignored_items: z.array(itemId),
  });
}

/** The `content` of a JSON body. */
export function json<T extends z.ZodType>(schema: T) {
  return { 'application/json': { schema } };
}
