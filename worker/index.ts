/** Workers entry. */
import { env, waitUntil } from 'cloudflare:workers';
import wasmModule from 'onnxruntime-web/ort-wasm-simd-threaded.wasm';
import { Access } from './access/access.ts';
import { sinceTraining } from './assembly.ts';
import { StateCache } from './cache/state-cache.ts';
import { openStore } from './cache/stores/index.ts';
import { Runtime } from './engine/runtime.ts';
import { DurableLog } from './history/durable-log.ts';
import { retentionOf } from './history/retention.ts';
import { Admission } from './http/admission.ts';
import { createApp } from './http/app.ts';
import { Limits } from './http/limits.ts';
import { Live } from './live/live.ts';
import { assetSource } from './models/assets.ts';
import { readManifest } from './models/files.ts';
import { ModelHost } from './models/host.ts';
import { loadModel } from './models/model.ts';
import { type ModelName, Models } from './models/rollout.ts';
import { signed } from './models/signed.ts';
import { coveredPoint, dataPoint, judgedPoint } from './observe/data-point.ts';
import { Metrics } from './observe/metrics.ts';
import { archive } from './outbox/archive.ts';
import type { OutboxRecord } from './outbox/record.ts';
import { Visits } from './recommend/visits.ts';

/** Bindings that a deployment may have: docs/operate.md, docs/access.md. */
const bound = env as Env & {
  METRICS?: AnalyticsEngineDataset;
  API_KEYS?: string;
  MODEL_KEY?: string;
  ARCHIVE?: R2Bucket;
};

/** Where everything is open, nobody is limited either. */
const limits =
  bound.ACCESS === ('open' as string) ? new Limits() : new Limits(env.CALLER_LIMIT, env.USER_LIMIT);
retentionOf(env); // a wrong setting should stop the deployment, not users' requests

const runtime = new Runtime({ wasmModule });
if (env.RUNTIME_START === 'isolate') await runtime.start();
const metrics = new Metrics();

function hostOf(name: ModelName, folder: string): ModelHost {
  const files = signed(assetSource(env.ASSETS, folder), bound.MODEL_KEY);
  return new ModelHost({
    model() {
      const load = loadModel(files, runtime);
      const counted = load.then(
        () => metrics.modelLoad(name, 'loaded'),
        () => metrics.modelLoad(name, 'failed'),
      );
      // Other requests may be waiting for this load, so it continues when the client that began it leaves.
      waitUntil(counted);
      return load;
    },
    manifest: () => readManifest(files),
  });
}

const hosts = { current: hostOf('current', ''), candidate: hostOf('candidate', 'candidate/') };
const { catalogue, counts, outcomes, ...since } = sinceTraining(env, {
  log: new DurableLog(env.USERS),
  waitUntil,
  meaning: async () => (await hosts.current.manifest()).events,
  judged(list) {
    metrics.judged(list);
    bound.METRICS?.writeDataPoint(judgedPoint(list));
  },
  covered(coverage) {
    for (const each of coverage) {
      metrics.covered(each);
      bound.METRICS?.writeDataPoint(coveredPoint(each));
    }
  },
});

const cache = new StateCache(openStore(env));
const visits = new Visits({ log: since.log, cache });

const app = createApp({
  access: new Access(bound),
  catalogue,
  outcomes,
  models: new Models(hosts, new Live(catalogue, counts), Number(env.CANDIDATE_SHARE)),
  archive: bound.ARCHIVE,
  log: visits.log,
  visits,
  cache,
  limits,
  origins: env.CORS_ORIGINS,
  admission: new Admission(waitUntil),
  metrics,
  report(facts) {
    console.log(JSON.stringify({ level: 'info', event: 'request', ...facts }));
    bound.METRICS?.writeDataPoint(dataPoint(facts));
  },
});

export default {
  fetch: app.fetch,
  /** The outbox of the users' logs. A batch that can't be written comes again. */
  async queue({ messages }) {
    if (bound.ARCHIVE === undefined) throw new Error('the outbox needs a bucket bound as ARCHIVE');
    await archive(
      bound.ARCHIVE,
      messages.map(({ body }) => body),
    );
  },
} satisfies ExportedHandler<Env, OutboxRecord[]>;

export { LiveCatalogue } from './catalogue/catalogue-object.ts';
export { UserHistory } from './history/user-history.ts';
export { LiveCounts } from './live/counts-object.ts';
export { Outcomes } from './outcomes/outcomes-object.ts';
