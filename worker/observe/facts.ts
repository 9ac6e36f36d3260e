/**
 * What is known of a request once it is answered, for logs, counters and data points. Nothing in it names a
 * user.
 */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { matchedRoutes } from 'hono/route';
import { recommendationId } from '../outcomes/served.ts';
import type { RecommendationList } from '../recommend/recommend.ts';

/** The lists of one answer; only a batch has more than one. */
export interface ListFacts {
  lists: number;
  /** How many of them have each source, `model` or `popular`. */
  sources: Record<string, number>;
  /** Id of the model that made them. */
  model: string;
  /** `none`, `hit`, `extended` or `miss`. */
  cache: string;
  reused_items: number;
  prefilled_items: number;
  /** Whether the cache could not be read. */
  degraded: boolean;
}

export interface RequestFacts extends Partial<ListFacts> {
  request_id: string;
  /** Id of the caller's API key, if there is one. */
  key?: string;
  method: string;
  /** The pattern of the path, or `none` where the service has nothing. */
  route: string;
  status: number;
  /** By the isolate's clock, which stands still while something is computed in production. */
  duration_ms: number;
  /** Code of the problem that was the answer. */
  problem?: string;
}

declare module 'hono' {
  interface ContextVariableMap {
    lists: ListFacts;
    problem: string;
  }
}

/** Hands the facts of every request to `report` once it is answered. */
export function observe(report: (facts: RequestFacts) => void) {
  return createMiddleware(async (c, next) => {
    const began = Date.now();
    await next();
    report({
      request_id: c.get('requestId'),
      key: c.get('principal')?.key || undefined,
      method: c.req.method,
      route: routeOf(c),
      status: c.res.status,
      duration_ms: Date.now() - began,
      problem: c.get('problem'),
      ...c.get('lists'),
    });
  });
}

/**
 * The route pattern that the request's path matched, without regular expressions. Patterns of middleware end
 * in `/*`.
 */
export function routeOf(c: Context): string {
  const path = matchedRoutes(c).at(-1)?.path ?? '/*';
  return path.endsWith('/*') ? 'none' : path.replace(/\{.*?\}/g, '');
}

type AnyCache = { status: string; reused_items: number; prefilled_items: number; degraded?: boolean };

/** Adds this list's cost to the request's facts. Returns the list with an id of its own. */
export function noted<Cache extends AnyCache>(c: Context, list: RecommendationList<Cache>, variant = '') {
  const { status, reused_items, prefilled_items, degraded = false } = list.cache;
  const before = c.get('lists');
  c.set('lists', {
    lists: (before?.lists ?? 0) + 1,
    sources: { ...before?.sources, [list.source]: (before?.sources[list.source] ?? 0) + 1 },
    model: list.model.id,
    cache: status,
    reused_items: (before?.reused_items ?? 0) + reused_items,
    prefilled_items: (before?.prefilled_items ?? 0) + prefilled_items,
    degraded: degraded || (before?.degraded ?? false),
  });
  const maker = { model: list.model.id, ranker: list.ranker, variant };
  return { recommendation_id: recommendationId(maker), ...list };
}
