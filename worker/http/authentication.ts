/** Who sends a request (401), and whether they may (403). */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { Access, Part } from '../access/access.ts';
import { isConfined, owns, type Principal, type Scope, storedName } from '../access/principal.ts';
import { Problem } from './problem.ts';

declare module 'hono' {
  interface ContextVariableMap {
    /** Null for a caller without credentials where these are needed. */
    principal: Principal | null;
  }
}

/** A bearer token in `Authorization` (RFC 6750, section 2.1). */
const BEARER = /^Bearer +([\w.~+/-]+=*) *$/i;

/** Finds out who sends the request. Wrong credentials are refused everywhere. */
export function authenticate(access: Access) {
  return createMiddleware(async (c, next) => {
    c.set('principal', await principalOf(access, c.req.header('Authorization')));
    await next();
  });
}

async function principalOf(access: Access, header: string | undefined): Promise<Principal | null> {
  if (header === undefined) return access.visitor;
  const credentials = BEARER.exec(header)?.[1];
  const holder = credentials === undefined ? null : await access.holder(credentials);
  if (holder) return holder;
  throw unauthenticated('The key or token is wrong, or no longer valid', ', error="invalid_token"');
}

/** A deployment that nobody may use says whether it is healthy, and not even which paths there are. */
export function healthAlone(access: Access) {
  return createMiddleware(async (c, next) => {
    if (access.isClosed && c.req.path !== '/healthz') refuse();
    await next();
  });
}

/**
 * Whoever sends the request. @throws {Problem} `unauthenticated` for a caller without credentials where these
 * are needed
 */
export function callerOf(c: Context): Principal {
  return c.get('principal') ?? refuse();
}

/** The name under which logs and caches have the caller's user of this id. */
export function storedUser(c: Context, id: string): string {
  return storedName(callerOf(c).tenant, id);
}

/** The same for a user whom a body names. @throws {Problem} `forbidden` for one who is not the caller's */
export function namedUser(c: Context, id: string): string {
  if (!owns(callerOf(c), id)) throw forbidden('The key is not for this user');
  return storedUser(c, id);
}

/** Lets callers with all of these scopes pass, if they may name the user of the path. */
export function allow(scopes: readonly Scope[]) {
  return createMiddleware(async (c, next) => {
    if (scopes.length > 0) demand(callerOf(c), scopes, c.req.param('user_id'));
    await next();
  });
}

/** A part of the service that is open where the deployment exposes it, and takes an `admin` key elsewhere. */
export function exposed(access: Access, part: Part) {
  return createMiddleware(async (c, next) => {
    if (!access.exposes(part)) demand(callerOf(c), ['admin']);
    await next();
  });
}

/**
 * A caller who may name some users only may change nothing but these.
 * @throws {Problem} `forbidden`
 */
function demand(caller: Principal, scopes: readonly Scope[], user?: string): void {
  const missing = scopes.filter((scope) => !caller.may.includes(scope));
  if (missing.length > 0) throw forbidden(`This needs a key with the scope ${missing.join(' and ')}`);
  if (user !== undefined && !owns(caller, user)) throw forbidden('The key is not for this user');
  const changes = scopes.some((scope) => scope !== 'read');
  if (user === undefined && changes && isConfined(caller)) throw forbidden('The key is for some users only');
}

const forbidden = (detail: string) => new Problem('forbidden', { detail });

function refuse(): never {
  throw unauthenticated('Send a key: "Authorization: Bearer …"');
}

/** https://www.rfc-editor.org/rfc/rfc6750#section-3 */
function unauthenticated(detail: string, error = ''): Problem {
  const headers = { 'WWW-Authenticate': `Bearer realm="earn-edge"${error}` };
  return new Problem('unauthenticated', { detail, headers });
}
