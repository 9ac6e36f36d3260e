import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { HTTPException } from 'hono/http-exception';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { timing } from 'hono/timing';
import { Access } from '../access/access.ts';
import { StateCache } from '../cache/state-cache.ts';
import { MemoryStore } from '../cache/stores/memory.ts';
import { LiveCopy } from '../catalogue/live-copy.ts';
import { MemoryTruth } from '../catalogue/memory-truth.ts';
import type { CatalogueSnapshot } from '../catalogue/snapshot.ts';
import { ModelUnavailable } from '../engine/errors.ts';
import { HistoryUnavailable, IdempotencyConflict, MergeUnderWay, UserErased } from '../history/log.ts';
import { MemoryLog } from '../history/memory-log.ts';
import type { CountsTable } from '../live/counts-table.ts';
import { Live } from '../live/live.ts';
import { MemoryPublished } from '../live/memory-published.ts';
import { observe, routeOf } from '../observe/facts.ts';
import { Metrics } from '../observe/metrics.ts';
import { MemoryOutcomes } from '../outcomes/services.ts';
import { Variants } from '../outcomes/variants.ts';
import { Visits } from '../recommend/visits.ts';
import { Admission } from './admission.ts';
import { authenticate, callerOf, exposed, healthAlone } from './authentication.ts';
import { Bodies } from './bodies.ts';
import { CONTENT_POLICY } from './content-policy.ts';
import { allowOrigins } from './cors.ts';
import { Limits } from './limits.ts';
import { modelHeader } from './model-header.ts';
import { modelUnavailable, PROBLEMS, Problem, problemResponse } from './problem.ts';
import { batch } from './routes/batch.ts';
import { categories } from './routes/categories.ts';
import { changeItems } from './routes/change-items.ts';
import { changes } from './routes/changes.ts';
import { exportEvents } from './routes/export.ts';
import { healthz } from './routes/health.ts';
import { interactions } from './routes/interactions.ts';
import { items } from './routes/items.ts';
import { isolateMetrics } from './routes/metrics.ts';
import { modelFiles } from './routes/model.ts';
import { next } from './routes/next.ts';
import { outcomes } from './routes/outcomes.ts';
import { OPEN, page } from './routes/page.ts';
import { readiness } from './routes/readiness.ts';
import { recommendations } from './routes/recommendations.ts';
import { reference } from './routes/reference.ts';
import { rules } from './routes/rules.ts';
import { similar } from './routes/similar.ts';
import { userRecommendations } from './routes/user-recommendations.ts';
import { users } from './routes/users.ts';
import type { Services } from './services.ts';
import { rejectInvalid } from './validation.ts';

/**
 * The service around its models, the users' logs and their cached states.
 * @example
 * createApp({ access, models, log, cache, admission, metrics, report }).request('/v1/items?q=toy')
 */
export function createApp(services: Services) {
  const { access } = services;
  const app = createApi(services);
  const pages = page(services.models);
  const pageFiles = pages.routes.filter(({ path }) => !OPEN.has(path));
  for (const { path } of pageFiles) app.use(path, exposed(access, 'page'));
  app.use('/model/*', exposed(access, 'model'));
  for (const path of ['/openapi.json', '/docs']) app.use(path, exposed(access, 'docs'));
  app.route('/', pages);
  app.route('/model', modelFiles);
  app.route(
    '/',
    reference(services.models, () => createApi(rehearsal(services))),
  );
  return app;
}

/** For Hono's typed client: `hc<AppType>(url)`. */
export type AppType = ReturnType<typeof createApi>;

/** The routes that the reference describes, and what all routes share. */
function createApi(services: Services) {
  const { access, models, limits, admission, origins, metrics, report } = services;
  const app = new OpenAPIHono<{ Bindings: Env }>({ defaultHook: rejectInvalid });

  const observed = observe((facts) => {
    metrics.request(facts);
    report(facts);
  });
  app.use(
    requestId(),
    observed,
    timing(),
    headers,
    methodNotAllowed({ app, onMethodNotAllowed }),
    shortUrl,
    allowOrigins(origins),
    authenticate(access),
    healthAlone(access),
    modelHeader(access),
  );
  app.use('/v1/*', notStored, identified, limits.patience, limits.control);
  app.use('/v1/*', admission.arrival, new Bodies().control, admission.control);
  app.use('/metrics', exposed(access, 'metrics'));
  app.notFound((c) => problemResponse(c, new Problem('route_unknown')));
  app.onError(onError);

  return app
    .route('/', healthz(models))
    .route('/', readiness(services))
    .route('/', isolateMetrics(metrics))
    .route('/v1', recommendations(models))
    .route('/v1', batch(models))
    .route('/v1', items(services))
    .route('/v1', changeItems(services))
    .route('/v1', rules(services))
    .route('/v1', changes(services))
    .route('/v1', outcomes(services))
    .route('/v1', similar(models))
    .route('/v1', next(models))
    .route('/v1', categories(models))
    .route('/v1', interactions(services))
    .route('/v1', userRecommendations(services))
    .route('/v1', users(services))
    .route('/v1', exportEvents(services.archive));
}

/** The same models with users of their own, in memory: what examples store reaches no real user's log. */
function rehearsal({ models }: Services): Services {
  const catalogue = new LiveCopy(new MemoryTruth(), new MemoryPublished<CatalogueSnapshot>());
  const [log, cache] = [new MemoryLog(), new StateCache(new MemoryStore())];
  return {
    access: Access.open(),
    models: models.withLive(new Live(catalogue, new MemoryPublished<CountsTable>())),
    catalogue,
    outcomes: new MemoryOutcomes(new Variants('')),
    log,
    visits: new Visits({ log, cache, pauseMs: 0 }),
    cache,
    limits: new Limits(),
    admission: new Admission(() => {}),
    origins: '',
    metrics: new Metrics(),
    report() {},
  };
}

/** Cloudflare's own limit is 16 KB, and answers with a page: https://developers.cloudflare.com/workers/platform/limits/ */
const LONGEST_URL = 14 * 1024;

const shortUrl = createMiddleware(async (c, next) => {
  const { length } = c.req.url;
  if (length > LONGEST_URL) {
    throw new Problem('uri_too_long', { detail: `A URL may have ${LONGEST_URL} characters` });
  }
  await next();
});

/** Callers that nobody knows learn nothing, not even which paths there are. */
const identified = createMiddleware(async (c, next) => {
  callerOf(c);
  await next();
});

/** What a caller is answered stays out of browsers' and proxies' caches: it is of a user, or of a tenant. */
const notStored = createMiddleware(async (c, next) => {
  await next();
  c.header('Cache-Control', 'no-store');
});

const headers = secureHeaders({
  contentSecurityPolicy: CONTENT_POLICY,
  // `/device.js` comes with a policy of its own.
  overwrite: false,
  xFrameOptions: 'DENY',
  // Not for subdomains, which may be someone else's.
  strictTransportSecurity: 'max-age=15552000',
});

function onMethodNotAllowed(c: Context, methods: string[]): Response {
  const allow = methods.join(', ');
  const problem = new Problem('method_not_allowed', {
    detail: `Allowed: ${allow}`,
    headers: { Allow: allow },
  });
  return problemResponse(c, problem);
}

function onError(error: Error, c: Context): Response {
  const problem = problemOf(error);
  // Don't log a stack for every `overloaded` 503; the request line already has it.
  if (PROBLEMS[problem.code].status >= 500 && problem.code !== 'overloaded') log(error, c);
  return problemResponse(c, problem);
}

function problemOf(error: Error): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof ModelUnavailable) return modelUnavailable(error);
  if (error instanceof HistoryUnavailable) return new Problem('history_unavailable');
  if (error instanceof IdempotencyConflict) return new Problem('idempotency_key_reused');
  if (error instanceof MergeUnderWay) return new Problem('merge_under_way');
  if (error instanceof UserErased) return new Problem('user_erased');
  // Thrown by the body's validators.
  if (error instanceof HTTPException && error.status === 400) return new Problem('malformed_json');
  if (error instanceof HTTPException && error.status === 415) return new Problem('unsupported_media_type');
  return new Problem('internal');
}

function log(error: Error, c: Context): void {
  const { message, stack, cause } = error;
  const request = { request_id: c.get('requestId'), method: c.req.method, route: routeOf(c) };
  console.error(
    JSON.stringify({ level: 'error', ...request, message, stack, cause: cause && String(cause) }),
  );
}
