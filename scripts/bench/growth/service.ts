/**
 * The whole service in bare workerd, and beside it what the bench must do inside: fill logs, run the engine
 * alone, forget what the isolate knows, and put its log and store at a distance. Never part of the product.
 */
import { env } from 'cloudflare:workers';
import wasmModule from 'onnxruntime-web/ort-wasm-simd-threaded.wasm';
import { Access } from '../../../worker/access/access.ts';
import { StateCache } from '../../../worker/cache/state-cache.ts';
import { openStore } from '../../../worker/cache/stores/index.ts';
import { LiveCopy } from '../../../worker/catalogue/live-copy.ts';
import { MemoryTruth } from '../../../worker/catalogue/memory-truth.ts';
import type { CatalogueSnapshot } from '../../../worker/catalogue/snapshot.ts';
import { Runtime } from '../../../worker/engine/runtime.ts';
import { DurableLog } from '../../../worker/history/durable-log.ts';
import { migrate } from '../../../worker/history/schema.ts';
import { UserHistory as ServedHistory } from '../../../worker/history/user-history.ts';
import { Admission } from '../../../worker/http/admission.ts';
import { createApp } from '../../../worker/http/app.ts';
import { Limits } from '../../../worker/http/limits.ts';
import { type CountsTable, readTable } from '../../../worker/live/counts-table.ts';
import { Live } from '../../../worker/live/live.ts';
import { MemoryPublished } from '../../../worker/live/memory-published.ts';
import { assetSource } from '../../../worker/models/assets.ts';
import { readManifest } from '../../../worker/models/files.ts';
import { ModelHost } from '../../../worker/models/host.ts';
import { loadModel, modelAt } from '../../../worker/models/model.ts';
import { Models } from '../../../worker/models/rollout.ts';
import { Metrics } from '../../../worker/observe/metrics.ts';
import { MemoryOutcomes } from '../../../worker/outcomes/services.ts';
import { Variants } from '../../../worker/outcomes/variants.ts';
import { RANKERS } from '../../../worker/recommend/rankers/index.ts';
import type { Ranker } from '../../../worker/recommend/rankers/ranker.ts';
import { Visits } from '../../../worker/recommend/visits.ts';
import { wasmBytes } from '../wasm-memory.ts';
import type { GrowthCall } from './calls.ts';

/** This script's own class, which can be filled. */
const users = env.USERS as DurableObjectNamespace<ServedHistory> as DurableObjectNamespace<UserHistory>;
const runtime = new Runtime({ wasmModule });
await runtime.start();
const files = assetSource(env.ASSETS);
const host = new ModelHost({ model: () => loadModel(files, runtime), manifest: () => readManifest(files) });
/** Shorter than the service's, to the same effect: a user's object is still there. */
const PAUSE_MS = 1000;
/** Milliseconds to the log and to the store. */
const distance = { log: 0, store: 0 };
let app = isolate();
const others = new Map<string | null, typeof app>();

export class UserHistory extends ServedHistory {
  /** A log of older code with so many events, these items in turn, that is then taken over. */
  async fill(items: string[], events: number): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec(`
      CREATE TABLE log (epoch TEXT NOT NULL);
      CREATE TABLE interaction (
        position INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL, timestamp REAL, type TEXT
      );
      CREATE TABLE append (key TEXT PRIMARY KEY, content TEXT NOT NULL, length INTEGER NOT NULL, at INTEGER NOT NULL);
    `);
    sql.exec('INSERT INTO log VALUES (?)', crypto.randomUUID());
    sql.exec(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?),
         named AS (SELECT key, value FROM json_each(?))
       INSERT INTO interaction (item) SELECT value FROM n JOIN named ON key = i % ? ORDER BY i`,
      events,
      JSON.stringify(items),
      items.length,
    );
    await migrate(this.ctx.storage);
  }
}

/** What one isolate knows, but for its model. Nothing was said of items yet. */
function isolate(counted?: CountsTable) {
  const catalogue = new LiveCopy(new MemoryTruth(), new MemoryPublished<CatalogueSnapshot>());
  const counts = new MemoryPublished<CountsTable>();
  if (counted) counts.offer(counted);
  const cache = new StateCache(distant(openStore(env), 'store'));
  const visits = new Visits({ log: distant(new DurableLog(env.USERS), 'log'), cache, pauseMs: PAUSE_MS });
  return createApp({
    access: new Access(env),
    catalogue,
    models: new Models({ current: host, candidate: host }, new Live(catalogue, counts)),
    outcomes: new MemoryOutcomes(new Variants('')),
    log: visits.log,
    visits,
    cache,
    limits: new Limits(),
    origins: '',
    admission: new Admission(() => {}),
    metrics: new Metrics(),
    report: (facts) => console.log(JSON.stringify({ level: 'info', event: 'request', ...facts })),
  });
}

/** The same object, whose methods take longer. */
function distant<T extends object>(near: T, which: keyof typeof distance): T {
  return new Proxy(near, {
    get(_, name) {
      const method = near[name as keyof T] as (...of: unknown[]) => unknown;
      return async (...of: unknown[]) => {
        if (distance[which] > 0) await scheduler.wait(distance[which]);
        return method.apply(near, of);
      };
    },
  });
}

/** States of histories, and the new items of each. */
let engineCases: (() => Promise<unknown>)[] = [];

async function handle(call: GrowthCall): Promise<unknown> {
  if (call.do === 'fill') return users.getByName(call.user).fill(call.items, call.events);
  if (call.do === 'distance') return Object.assign(distance, call);
  if (call.do === 'forget') {
    app = isolate();
    return null;
  }
  if (call.do === 'isolate') {
    others.set(call.name, isolate(call.counts && readTable(call.counts)));
    return null;
  }
  if (call.do === 'memory') return wasmBytes();
  if (call.do === 'prepare') {
    const model = await host.model();
    const ranker: Ranker = RANKERS[model.manifest.ranker];
    engineCases = await Promise.all(
      call.histories.map(async (ids) => {
        const history = ids.map((id) => model.catalogue.indexOf(id)!);
        const past = await model.prefill(history.slice(0, -call.fresh));
        return async () => {
          const state = await model.prefill(history.slice(-call.fresh), past);
          const ready = await modelAt(model, history);
          const allowed = model.catalogue.allowed(history);
          const list = await ranker.rank({ model: ready, history, allowed, k: 10, state });
          model.catalogue.release?.(allowed);
          return list;
        };
      }),
    );
    return null;
  }
  if (call.do === 'calls') return calls(call);
  for (const run of engineCases.slice(call.from, call.to)) await run();
  return null;
}

async function calls({ user, items, bytes }: Extract<GrowthCall, { do: 'calls' }>): Promise<null> {
  const log = new DurableLog(env.USERS);
  const tail = await log.appendAndTail(
    user,
    items.map((item) => ({ item })),
  );
  await openStore(env).put(`calls/${user}`, new ArrayBuffer(bytes), 0);
  await log.serve(user, { id: user, model: '', ranker: '', variant: '', items }, tail);
  return null;
}

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    if (!request.url.endsWith('/bench')) {
      return (others.get(request.headers.get('X-Isolate')) ?? app).fetch(request, env, context);
    }
    return Response.json((await handle(await request.json())) ?? null);
  },
};
