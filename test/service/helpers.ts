import { expect } from 'vitest';
import { Access } from '../../worker/access/access.ts';
import { StateCache } from '../../worker/cache/state-cache.ts';
import type { StateStore } from '../../worker/cache/state-store.ts';
import { LiveCopy } from '../../worker/catalogue/live-copy.ts';
import { MemoryTruth } from '../../worker/catalogue/memory-truth.ts';
import type { CatalogueSnapshot } from '../../worker/catalogue/snapshot.ts';
import type { CatalogueTruth } from '../../worker/catalogue/truth.ts';
import { ModelUnavailable } from '../../worker/engine/errors.ts';
import type { HistoryLog } from '../../worker/history/log.ts';
import { Admission } from '../../worker/http/admission.ts';
import { createApp } from '../../worker/http/app.ts';
import { Limits } from '../../worker/http/limits.ts';
import type { Copies } from '../../worker/live/copy.ts';
import type { CountsTable } from '../../worker/live/counts-table.ts';
import { Live } from '../../worker/live/live.ts';
import { MemoryPublished } from '../../worker/live/memory-published.ts';
import { ModelHost } from '../../worker/models/host.ts';
import type { Model } from '../../worker/models/model.ts';
import { Models } from '../../worker/models/rollout.ts';
import type { RequestFacts } from '../../worker/observe/facts.ts';
import { Metrics } from '../../worker/observe/metrics.ts';
import type { Bucket } from '../../worker/outbox/archive.ts';
import { MemoryOutcomes, type OutcomeServices } from '../../worker/outcomes/services.ts';
import { Variants } from '../../worker/outcomes/variants.ts';
import { Visits } from '../../worker/recommend/visits.ts';
import { FakeModel } from './fake-model.ts';
import { MemoryLog, MemoryStore } from './memory.ts';

/** The service around twelve films. */
export function fakeService() {
  const model = new FakeModel();
  return { model, ...serviceOf(async () => model) };
}

export interface Surroundings {
  log?: HistoryLog;
  store?: StateStore;
  /** The model that is being rolled out; without one there are no files of it. */
  loadCandidate?: () => Promise<Model>;
  /** Its share of the users, in percent. */
  share?: number;
  /** How much each caller may ask for. @default anything */
  limits?: Limits;
  /** Origins whose pages may read answers. */
  origins?: string;
  /** Who may use the service. @default anyone, for everything */
  access?: Access;
  catalogue?: LiveCopy;
  /** What has left the logs. */
  archive?: Bucket;
  /** What was counted since the training. */
  counts?: Copies<CountsTable>;
  outcomes?: OutcomeServices;
  /** After which what a list leaves is written. @default none */
  pauseMs?: number;
}

const noCandidate = () => Promise.reject(new ModelUnavailable('asset_missing', 'there is no candidate'));

/** This isolate's copy of a live catalogue; it sees what others change only with a newer `published`. */
export function copyOf(
  truth: CatalogueTruth = new MemoryTruth(),
  published = new MemoryPublished<CatalogueSnapshot>(),
): LiveCopy {
  return new LiveCopy(truth, published);
}

/** A host whose manifests come with the model. */
export function hostOf(model: () => Promise<Model>): ModelHost {
  return new ModelHost({ model, manifest: async () => (await model()).manifest });
}

/** The service as one isolate runs it; others share its log and store. `facts` are those of its requests. */
export function serviceOf(
  loadModel: () => Promise<Model>,
  { loadCandidate = noCandidate, ...surroundings }: Surroundings = {},
) {
  const hosts = { current: hostOf(loadModel), candidate: hostOf(loadCandidate) };
  const { app, facts } = serviceWith(hosts, surroundings);
  return { app, facts };
}

/** The service around these hosts. */
export function serviceWith(
  hosts: ConstructorParameters<typeof Models>[0],
  {
    log = new MemoryLog(),
    store = new MemoryStore(),
    share,
    access = Access.open(),
    limits = new Limits(),
    origins = '',
    catalogue = copyOf(),
    counts = new MemoryPublished(),
    archive,
    outcomes = new MemoryOutcomes(new Variants('')),
    pauseMs = 0,
  }: Omit<Surroundings, 'loadCandidate'> = {},
) {
  const facts: RequestFacts[] = [];
  const cache = new StateCache(store);
  const visits = new Visits({ log, cache, pauseMs });
  const app = createApp({
    access,
    limits,
    origins,
    catalogue,
    outcomes,
    models: new Models(hosts, new Live(catalogue, counts), share),
    archive,
    log: visits.log,
    visits,
    cache,
    admission: new Admission(() => {}),
    metrics: new Metrics(),
    report: (of) => void facts.push(of),
  });
  return { app, facts };
}

export type App = ReturnType<typeof createApp>;

/** POSTs JSON; a string goes as it is. */
export function post(app: Pick<App, 'request'>, body: unknown, path = '/v1/recommendations') {
  return app.request(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

// biome-ignore lint/suspicious/noExplicitAny: tests compare whatever came.
export type Json = any;

/** A list but for its id, which no other list has. */
export function listed({ recommendation_id, ...list }: Json): Json {
  expect(recommendation_id).toMatch(/^[0-9a-f]{16}\./);
  return list;
}

/** The body of an answer that must be a problem with this status and code. */
export async function problemOf(response: Response, status: number, code: string): Promise<Json> {
  const body: Json = await response.json();
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(body).toMatchObject({ type: `/problems/${code}`, status, code });
  expect(response.status).toBe(status);
  expect(body.title).not.toBe('');
  expect(body.request_id).toBe(response.headers.get('X-Request-Id'));
  return body;
}
