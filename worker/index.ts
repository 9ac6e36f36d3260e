/** Workers entry. */
import { env, waitUntil } from 'cloudflare:workers';
import wasmModule from 'onnxruntime-web/ort-wasm-simd-threaded.wasm';
import { createApp } from './app.ts';
import { KvStore } from './cache/kv-store.ts';
import { StateCache } from './cache/state-cache.ts';
import { loadModel } from './engine/model.ts';
import { Runtime } from './engine/runtime.ts';
import { DurableLog } from './history/durable-log.ts';
import { assetSource } from './model-files.ts';
import { ModelHost } from './model-host.ts';

const runtime = new Runtime({ wasmModule });

const host = new ModelHost(() => {
  const load = loadModel(assetSource(env.ASSETS), runtime);
  // Others may be waiting for this load, so it goes on when the client that began it leaves.
  waitUntil(load.catch(() => {}));
  return load;
});

export default createApp({
  host,
  log: new DurableLog(env.USERS),
  cache: new StateCache(new KvStore(env.STATES)),
});

export { UserHistory } from './history/user-history.ts';
