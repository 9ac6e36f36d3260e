import type { z } from '@hono/zod-openapi';

/** The `content` of a JSON body. */
export function json<T extends z.ZodType>(schema: T) {
  return { 'application/json': { schema } };
}
