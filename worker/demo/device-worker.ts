/** A Web Worker that holds the model, and the calls that wait for its replies. */
import type { Backend } from '../engine/config.ts';
import type { Call, DeviceApi, Reply } from './device-api.ts';
import { scriptUrl } from './scripts.ts';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class DeviceWorker {
  private readonly worker: Worker;
  private readonly report: (loaded: number, total: number) => void;
  private readonly waiting = new Map<number, Waiting>();
  private calls = 0;

  constructor(backend: Backend, report: (loaded: number, total: number) => void) {
    this.report = report;
    this.worker = new Worker(scriptUrl(backend), { type: 'module' });
    this.worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => this.receive(data));
    this.worker.addEventListener('error', ({ message }) =>
      this.stop(new Error(message || 'The model can’t be started in this browser')),
    );
  }

  call<M extends keyof DeviceApi>(
    method: M,
    ...args: Parameters<DeviceApi[M]>
  ): Promise<Awaited<ReturnType<DeviceApi[M]>>> {
    const call: Call<M> = { id: ++this.calls, method, args };
    this.worker.postMessage(call);
    return new Promise((resolve, reject) =>
      this.waiting.set(call.id, { resolve: resolve as Waiting['resolve'], reject }),
    );
  }

  /** Frees the memory. Pending calls reject with the error. */
  stop(error: Error): void {
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  private receive(reply: Reply): void {
    if ('loaded' in reply) {
      this.report(reply.loaded, reply.total);
      return;
    }
    const call = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ('error' in reply) call?.reject(new Error(reply.error));
    else call?.resolve(reply.result);
  }
}
