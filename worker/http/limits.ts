/** How much work a caller and a user may ask for, over all isolates of a location. */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { callerOf, storedUser } from './authentication.ts';
import { callerName } from './caller.ts';
import { LateRefusals } from './late-refusals.ts';
import { Problem } from './problem.ts';

/** Of the bindings in wrangler.toml. */
const PERIOD_SECONDS = 10;

/** The Workers rate-limit binding: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/ */
export type Limiter = Pick<RateLimit, 'limit'>;

declare module 'hono' {
  interface ContextVariableMap {
    /** Counts so much work more for the caller. @throws {Problem} `rate_limited` */
    charge: (work: number) => Promise<void>;
  }
}

export class Limits {
  private readonly callers: Limiter | undefined;
  private readonly users: Limiter | undefined;
  private readonly refusals = new LateRefusals(1000 * PERIOD_SECONDS);

  /** Without limiters nobody is limited. */
  constructor(callers?: Limiter, users?: Limiter) {
    this.callers = callers;
    this.users = users;
  }

  /** Tells whoever is refused so late, when the request has given back all that it held. */
  readonly patience = createMiddleware(async (c, next) => {
    await next();
    if (c.get('problem') === 'rate_limited') await this.refusals.wait(callerName(c));
  });

  /** Counts the request as one, before anything is read for it. */
  readonly control = createMiddleware(async (c, next) => {
    c.set('charge', (work) => this.charge(c, work));
    await this.charge(c, 1);
    await next();
  });

  private async charge(c: Context, work: number): Promise<void> {
    if (work === 0) return;
    const user = userOf(c);
    const passed = await Promise.all([
      isBelow(this.callers, callerName(c), work),
      user === undefined || isBelow(this.users, user, work),
    ]);
    if (passed.every(Boolean)) return;
    const detail = `Too much work within ${PERIOD_SECONDS} seconds`;
    throw new Problem('rate_limited', { detail, headers: { 'Retry-After': String(PERIOD_SECONDS) } });
  }
}

/** The user whom the request is about, or who holds the token. */
function userOf(c: Context): string | undefined {
  const { users } = callerOf(c);
  const [, id] = /^\/v1\/users\/([^/]+)/.exec(c.req.path) ?? []; // routes are not matched yet
  if (id !== undefined) return storedUser(c, decoded(id));
  return 'only' in users ? storedUser(c, users.only) : undefined;
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id; // refused later (`properUserId`)
  }
}

/** Without its limiter a service is better than without itself. */
async function isBelow(limiter: Limiter | undefined, key: string, work: number): Promise<boolean> {
  if (!limiter) return true;
  try {
    // The binding counts calls, and answers from the machine's own memory.
    const calls = Array.from({ length: work }, () => limiter.limit({ key }));
    return (await Promise.all(calls)).every(({ success }) => success);
  } catch (error) {
    console.warn(JSON.stringify({ level: 'warn', event: 'limiter_failed', message: String(error) }));
    return true;
  }
}
