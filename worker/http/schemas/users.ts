/** What the routes below `/users/{user_id}` have in common. */
import { z } from '@hono/zod-openapi';
import { createMiddleware } from 'hono/factory';
import { invalidRequest } from '../problem.ts';
import { itemId } from './lists.ts';

/** Longer than any real id: e-mail addresses end at 254, URLs that name a person rarely pass this. */
const LONGEST_USER_ID = 1024;
/** One request's worth; importers send many requests. */
export const MOST_INTERACTIONS = 1000;

export const userParams = z.object({
  user_id: z.string().min(1).max(LONGEST_USER_ID).openapi({ example: 'ada' }),
});

/** Storage is UTF-8, in which half a surrogate pair has no place: another id would come back. */
const storableId = itemId.refine((id) => id.isWellFormed(), 'Not well-formed Unicode');

export const interactionList = z
  .array(z.strictObject({ id: storableId, timestamp: z.number().optional() }))
  .min(1)
  .max(MOST_INTERACTIONS)
  .openapi({ example: [{ id: '1196' }] });

export const idempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(255)
    .optional()
    .openapi({ description: 'A request with a key that was used within a day adds nothing again' }),
});

/**
 * The id as it was percent-encoded must be UTF-8: a lenient decoder would leave `%FF` as it stands, and two paths
 * would name one user.
 */
export const properUserId = createMiddleware(async (c, next) => {
  try {
    decodeURIComponent(new URL(c.req.url).pathname);
  } catch {
    throw invalidRequest([{ path: 'param/user_id', message: 'Not percent-encoded UTF-8' }]);
  }
  await next();
});
