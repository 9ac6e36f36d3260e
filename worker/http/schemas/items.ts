/** Items and their ids in requests and answers. */
import { z } from '@hono/zod-openapi';

/** Ids come from anyone's catalogue; no real one is longer. */
const LONGEST_ID = 200;

export const itemId = z
  .string()
  .min(1)
  .max(LONGEST_ID)
  .refine((id) => !/\p{Cc}/u.test(id), 'Control characters are not allowed');

export const title = z.string();

export const item = z
  .object({
    id: itemId,
    title,
    categories: z.array(z.string()),
    count: z.int().openapi({ description: 'Interactions with it that the model was trained on' }),
  })
  .openapi('Item');

/** Path parameters of an item's routes. */
export const itemParams = z.object({ id: z.string() });
