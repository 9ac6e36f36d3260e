/** The model in this browser, on the GPU if there is one. Nothing about the visitor leaves the browser. */
import type { Backend } from '../engine/config.ts';
import { DeviceWorker } from './device-worker.ts';
import { IdbStore } from './idb-store.ts';
import { type Film, type Interaction, LIST_LENGTH, type Side, type UserList } from './side.ts';
import { remember, visitor } from './visitor.ts';

const NAMES: Record<Backend, string> = { wasm: 'WASM', webgpu: 'WebGPU' };

/** The visitor switched back to the server before the answer came. */
export class Stopped extends Error {}

/** A worker that has the model or is loading it. */
interface Loading {
  abort: AbortController;
  worker: Promise<DeviceWorker>;
}

export class DeviceSide implements Side {
  readonly name = 'device';
  private readonly report: (loaded: number, total: number) => void;
  private loading: Loading | undefined;
  private backend: Backend | undefined;
  /** WebGPU is not there or has failed. */
  private wasmOnly = false;

  constructor(report: (loaded: number, total: number) => void) {
    this.report = report;
  }

  get where(): string {
    return this.backend ? `this device, ${NAMES[this.backend]}` : 'this device';
  }

  /** Fetches the model; from the browser's own cache the second time. */
  async load(): Promise<void> {
    await this.worker();
  }

  /** Frees the memory. Pending calls reject with `Stopped`. */
  stop(): void {
    this.loading?.abort.abort(new Stopped());
    this.loading = undefined;
  }

  async history(): Promise<Interaction[]> {
    const { log, own } = visitor();
    return [...log, ...own];
  }

  async list(): Promise<UserList> {
    return this.recommend(await this.history());
  }

  async add(seen: Interaction): Promise<UserList> {
    const list = await this.recommend([...(await this.history()), seen]);
    remember({ own: [...visitor().own, seen] });
    return list;
  }

  async find(query: string, limit: number): Promise<Film[]> {
    return (await this.worker()).call('find', query, limit);
  }

  async film(id: string): Promise<Film | undefined> {
    return (await this.worker()).call('film', id);
  }

  /** Also deletes what earlier visits to the page have stored. */
  async forget(): Promise<void> {
    if (this.loading) await (await this.loading.worker).call('forget');
    else await new IdbStore().clear();
  }

  /** A GPU can be lost at any time; then the request is repeated in WASM. */
  private async recommend(history: Interaction[]): Promise<UserList> {
    const ids = history.map(({ id }) => id);
    const ask = async () => (await this.worker()).call('recommend', visitor().epoch, ids, LIST_LENGTH);
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Stopped || this.backend !== 'webgpu') throw error;
      this.stop();
      this.wasmOnly = true;
      return ask();
    }
  }

  /** One worker for all calls; after a failure the next call starts another. */
  private worker(): Promise<DeviceWorker> {
    if (this.loading) return this.loading.worker;
    const abort = new AbortController();
    const loading: Loading = { abort, worker: this.start(abort.signal) };
    this.loading = loading;
    loading.worker.catch(() => {
      if (this.loading === loading) this.loading = undefined;
    });
    return loading.worker;
  }

  private async start(signal: AbortSignal): Promise<DeviceWorker> {
    if (!this.wasmOnly && (await hasGpu())) {
      try {
        return await this.startOn('webgpu', signal);
      } catch (error) {
        if (error instanceof Stopped) throw error;
      }
    }
    const worker = await this.startOn('wasm', signal);
    this.wasmOnly = true;
    return worker;
  }

  private async startOn(backend: Backend, signal: AbortSignal): Promise<DeviceWorker> {
    signal.throwIfAborted();
    const worker = new DeviceWorker(backend, this.report);
    signal.addEventListener('abort', () => worker.stop(signal.reason));
    try {
      await worker.call('load');
    } catch (error) {
      worker.stop(new Stopped());
      throw error;
    }
    this.backend = backend;
    return worker;
  }
}

/** Whether there is a GPU adapter, and a WebAssembly that can wait for it (JSPI). */
async function hasGpu(): Promise<boolean> {
  return 'Suspending' in WebAssembly && Boolean(await navigator.gpu?.requestAdapter());
}
