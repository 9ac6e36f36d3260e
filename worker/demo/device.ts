/**
 * Runs in a Web Worker of the visitor's browser: the engine, the model's files and the service's own
 * pipeline, with IndexedDB in place of Workers KV.
 */
import { StateCache } from '../cache/state-cache.ts';
import { ItemSearch } from '../catalogue/item-search.ts';
import { BACKENDS } from '../engine/config.ts';
import { MemoryLog } from '../history/memory-log.ts';
import { readManifest } from '../models/files.ts';
import { type EarnModel, loadModel } from '../models/model.ts';
import { queryFor } from '../recommend/query.ts';
import { recommend } from '../recommend/recommend.ts';
import { given } from '../recommend/states.ts';
import { UserSource } from '../recommend/user-states.ts';
import type { Call, DeviceApi, Reply } from './device-api.ts';
import { BACKEND, loadRuntime, RUNTIME_BYTES } from './device-runtime.ts';
import { Download } from './download.ts';
import { IdbStore } from './idb-store.ts';
import { Play } from './play.ts';
import { mustAgree } from './self-check.ts';

interface Loaded {
  model: EarnModel;
  search: ItemSearch;
  /** Made when it is first asked for. */
  play(): Promise<Play>;
}

/** A browser has one visitor. States are kept per backend, because their last bits differ. */
const VISITOR = `visitor on ${BACKEND}`;
/** A digest tells which history a state is of, and no log is deleted here while another goes on. */
const EPOCH = '00000000-0000-4000-8000-000000000000';

const store = new IdbStore();
const cache = new StateCache(store);
/** The page keeps the history, and sends all of it. */
const log = new MemoryLog();
let loading: Promise<Loaded> | undefined;

const api: DeviceApi = {
  async load() {
    await loaded();
  },
  async recommend(items, options) {
    const { model } = await loaded();
    const events = items.map((item) => ({ item }));
    log.replace(VISITOR, EPOCH, events);
    const source = new UserSource(log, cache, VISITOR, log.tail(VISITOR));
    const query = { ...queryFor(options.k), ...options };
    const [list, ms] = await timed(() => recommend(model, source, query));
    source.persist(); // never rejects
    const [, cold_ms] = await timed(() => recommend(model, given(events), query));
    return { ...list, ms, cold_ms };
  },
  async find(query, limit) {
    return (await loaded()).search.find(query).slice(0, limit);
  },
  async similar(id, k) {
    const { model } = await loaded();
    const query = { ...queryFor(k), return: ['image'], ranker: 'similar' as const };
    return (await recommend(model, given([{ item: id }]), query)).items;
  },
  async film(id) {
    const { catalogue } = (await loaded()).model;
    return catalogue.find(id);
  },
  async categories() {
    return (await loaded()).model.catalogue.largestCategories();
  },
  async play(setting) {
    return (await (await loaded()).play()).run(setting);
  },
  async compare() {
    await (await (await loaded()).play()).compare(new Download(0, ['wasm'], progress, 'full/'));
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
  const download = new Download(RUNTIME_BYTES, backends, progress);
  const { large } = await readManifest(download); // first, so that the progress knows its end
  if (large) throw new Error('This catalogue is too large for a browser');
  const runtime = await loadRuntime(download);
  const model = await loadModel(download, runtime);
  if (BACKEND !== 'wasm') {
    const reference = await loadModel(download, runtime, 'wasm');
    await mustAgree(model, reference);
    await reference.decoder.release();
  }
  let play: Promise<Play> | undefined;
  return {
    model,
    search: new ItemSearch(model.catalogue.items!),
    play() {
      play ??= Play.load(model, runtime, download);
      return play;
    },
  };
}

function progress(loaded: number, total: number): void {
  reply({ loaded, total });
}

async function timed<T>(work: () => Promise<T>): Promise<[result: T, ms: number]> {
  const start = performance.now();
  const result = await work();
  return [result, performance.now() - start];
}

function reply(message: Reply): void {
  postMessage(message);
}
