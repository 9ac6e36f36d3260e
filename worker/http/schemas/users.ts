/** What the routes below `/users/{user_id}` have in common. */
import { z } from '@hono/zod-openapi';
import { createMiddleware } from 'hono/factory';
import type { Event } from '../../history/event.ts';
import { invalidRequest } from '../problem.ts';
import { eventType, storableId } from './items.ts';

/** Longer than any real id: e-mail addresses have at most 254 characters, and few URLs are this long. */
const LONGEST_USER_ID = 1024;
/** Per request; importers send many requests. */
export const MOST_INTERACTIONS = 1000;

export const userId = z.string().min(1).max(LONGEST_USER_ID);

export const userParams = z.object({ user_id: userId });

export const interactionList = z
  .array(z.strictObject({ id: storableId, timestamp: z.number().optional(), type: eventType.optional() }))
  .min(1)
  .max(MOST_INTERACTIONS);

/** One interaction of a body. */
export type Interaction = z.infer<typeof interactionList>[number];

/** The interactions of a body as events. */
export function eventsOf(items: Interaction[]): Event[] {
  return items.map(({ id: item, timestamp: time, type }) => ({
    item,
    ...(time !== undefined && { time }),
    ...(type !== undefined && { type }),
  }));
}

export const idempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(255)
    .optional()
    .openapi({ description: 'A request with a key that was used within a day adds nothing again' }),
});

/**
 * Refuses ids that are not percent-encoded UTF-8: a lenient decoder keeps `%FF`, so two paths would name one
 * user.
 */
export const properUserId = createMiddleware(async (c, next) => {
  try {
    decodeURIComponent(c.req.path);
  } catch {
    throw invalidRequest([{ path: 'param/user_id', message: 'Not percent-encoded UTF-8' }]);
  }
  await next();
});
