/**
 * Runs in a Web Worker of the visitor's browser: the engine, the model's files and the service's own
 * pipeline, with IndexedDB in place of Workers KV.
 */
import { StateCache } from '../cache/state-cache.ts';
import { TitleSearch } from '../catalogue/title-search.ts';
import { BACKENDS } from '../engine/config.ts';
import { type EarnModel, loadModel } from '../models/model.ts';
import { queryFor } from '../recommend/query.ts';
import { recommend } from '../recommend/recommend.ts';
import { UserStates } from '../recommend/user-states.ts';
import type { Call, DeviceApi, Reply } from './device-api.ts';
import { BACKEND, loadRuntime, RUNTIME_BYTES } from './device-runtime.ts';
import { Download } from './download.ts';
import { IdbStore } from './idb-store.ts';
import { mustAgree } from './self-check.ts';

interface Loaded {
  model: EarnModel;
  titles: TitleSearch;
}

/** A browser has one visitor. States are kept per backend, because their last bits differ. */
const VISITOR = `visitor on ${BACKEND}`;

const store = new IdbStore();
const cache = new StateCache(store);
let loading: Promise<Loaded> | undefined;

const api: DeviceApi = {
  async load() {
    await loaded();
  },
  async recommend(epoch, items, k) {
    const { model } = await loaded();
    const states = new UserStates(cache, VISITOR, epoch);
    const events = items.map((item) => ({ item }));
    const list = await recommend(model, states, events, queryFor(k));
    states.persist(); // never rejects
    return list;
  },
  async find(query, limit) {
    return (await loaded()).titles.find(query).slice(0, limit);
  },
  async film(id) {
    const { catalogue } = (await loaded()).model;
    const index = catalogue.indexOf(id);
    return index === undefined ? undefined : catalogue.items[index];
  },
  async forget() {
    await cache.forget(VISITOR);
    await store.clear();
  },
};

addEventListener('message', async ({ data }: MessageEvent<Call>) => {
  const { id, method, args } = data;
  try {
    const result = await (api[method] as (...args: unknown[]) => unknown)(...args);
    reply({ id, result });
  } catch (error) {
    reply({ id, error: error instanceof Error ? error.message : String(error) });
  }
});

/** Loads once for all callers; after a failed load, the next call tries again. */
function loaded(): Promise<Loaded> {
  loading ??= load().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<Loaded> {
  const backends = BACKEND === 'wasm' ? [BACKEND] : BACKENDS;
  const download = new Download(RUNTIME_BYTES, backends, (loaded, total) => reply({ loaded, total }));
  await download.read('manifest.json'); // first, so that the progress knows its end
  const runtime = await loadRuntime(download);
  const model = await loadModel(download, runtime);
  if (BACKEND !== 'wasm') {
    const reference = await loadModel(download, runtime, 'wasm');
    await mustAgree(model, reference);
    await reference.decoder.release();
  }
  return { model, titles: new TitleSearch(model.catalogue.items) };
}

function reply(message: Reply): void {
  postMessage(message);
}
