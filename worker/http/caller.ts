/** Whom limits count: whoever sends a request, as far as that can be told. */
import type { Context } from 'hono';

/** The key, or the address of a caller without one. */
export function callerName(c: Context): string {
  const key = c.get('principal')?.key;
  return key ? `key/${key}` : `address/${c.req.header('CF-Connecting-IP') ?? ''}`;
}
