/** The model in this browser, on the GPU if there is one. Nothing about the visitor leaves the browser. */
import type { Backend } from '../engine/config.ts';
import type { DeviceList } from './device-api.ts';
import { DeviceWorker } from './device-worker.ts';
import { IdbStore } from './idb-store.ts';
import type { Category, Film, Interaction, ListOptions, Side } from './side.ts';

const NAMES: Record<Backend, string> = { wasm: 'WASM', webgpu: 'WebGPU' };

/** The visitor switched back to the server before the answer came. */
export class Stopped extends Error {}

/** A worker that has the model or is loading it. */
interface Loading {
  abort: AbortController;
  worker: Promise<DeviceWorker>;
  ready: boolean;
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

  /** The model is there. */
  get ready(): boolean {
    return this.loading?.ready ?? false;
  }

  /** Frees the memory. Pending calls reject with `Stopped`. */
  stop(): void {
    this.loading?.abort.abort(new Stopped());
    this.loading = undefined;
  }

  /** A GPU can be lost at any time; then the request is repeated in WASM. */
  async list(history: readonly Interaction[], options: ListOptions): Promise<DeviceList> {
    const ids = history.map(({ id }) => id);
    const ask = async () => (await this.worker()).call('recommend', ids, options);
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Stopped || this.backend !== 'webgpu') throw error;
      this.stop();
      this.wasmOnly = true;
      return ask();
    }
  }

  async find(query: string, limit: number): Promise<Film[]> {
    return (await this.worker()).call('find', query, limit);
  }

  async similar(id: string, k: number): Promise<Film[]> {
    return (await this.worker()).call('similar', id, k);
  }

  async film(id: string): Promise<Film | undefined> {
    return (await this.worker()).call('film', id);
  }

  async categories(): Promise<Category[]> {
    return (await this.worker()).call('categories');
  }

  /** Also deletes what earlier visits to the page have stored. */
  async forget(): Promise<void> {
    if (this.loading) await (await this.loading.worker).call('forget');
    else await new IdbStore().clear();
  }

  /** One worker for all calls; after a failure the next call starts another. */
  private worker(): Promise<DeviceWorker> {
    if (this.loading) return this.loading.worker;
    const abort = new AbortController();
    const loading: Loading = { abort, worker: this.start(abort.signal), ready: false };
    this.loading = loading;
    loading.worker.then(
      () => {
        loading.ready = true;
      },
      () => {
        if (this.loading === loading) this.loading = undefined;
      },
    );
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
