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

/** The `content` of a JSON body. */
export function json<T extends z.ZodType>(schema: T) {
  return { 'application/json': { schema } };
}
