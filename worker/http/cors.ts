import { cors } from 'hono/cors';
import { createMiddleware } from 'hono/factory';
import { MODEL_HEADER } from './model-header.ts';

/** What a browser may ask again without asking first, in seconds. */
const PREFLIGHT_SECONDS = 600;

/**
 * Lets the pages of these origins (separated by blanks) read answers. For any other origin there are no
 * headers, and a preflight is a request like others.
 */
export function allowOrigins(origins: string) {
  const allowed = new Set(origins.split(/\s+/).filter(Boolean));
  const share = cors({
    origin: (origin) => origin,
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', MODEL_HEADER, 'X-Request-Id'],
    exposeHeaders: ['X-Request-Id', 'Retry-After', 'Server-Timing', 'WWW-Authenticate'],
    maxAge: PREFLIGHT_SECONDS,
  });
  return createMiddleware(async (c, next) => {
    if (!allowed.has(c.req.header('Origin') ?? '')) return next();
    c.header('Cross-Origin-Resource-Policy', 'cross-origin');
    return share(c, next);
  });
}
