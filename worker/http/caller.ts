/** Whom limits count: whoever sends a request, as far as that can be told. */
import type { Context } from 'hono';
import { DEFAULT_TENANT } from '../access/principal.ts';

/** The key, or the address of a caller without one. */
export function callerName(c: Context): string {
  const key = c.get('principal')?.key;
  return key ? `key/${key}` : `address/${c.req.header('CF-Connecting-IP') ?? ''}`;
}

/** Among whom an isolate's work is shared: tenants, however many keys one has; without tenants, callers. */
export function sharerName(c: Context): string {
  const tenant = c.get('principal')?.tenant ?? DEFAULT_TENANT;
  return tenant === DEFAULT_TENANT ? callerName(c) : `tenant/${tenant}`;
}
