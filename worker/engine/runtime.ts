/** onnxruntime-web on one WASM thread, the same in workerd, Node and browsers; in browsers also on WebGPU. */
import * as ort from 'onnxruntime-web/wasm';
import type { Backend } from './config.ts';
import { ModelUnavailable } from './errors.ts';
import { Queue } from './queue.ts';

export type Session = ort.InferenceSession;
export type Feeds = Record<string, ort.Tensor>;
export type Fetches = Record<string, ort.Tensor>;
export const Tensor = ort.Tensor;

/** Constants of a graph that are not in its own file: bytes by the name that the graph has for their file. */
export type ExternalData = Record<string, Uint8Array>;

/**
 * On WebGPU, weights become float32 when the session is created. A node that the GPU can't run is an error:
 * with a fallback, data would go back and forth between GPU and CPU.
 * https://github.com/microsoft/onnxruntime/blob/main/include/onnxruntime/core/session/onnxruntime_session_options_config_keys.h
 */
const ALL_ON_THE_GPU = { disable_quant_qdq: '1', disable_cpu_ep_fallback: '1' };

/** One Identity node, as `scripts/build/graph.ts` writes it; `test/engine/runtime.test.ts` checks that. */
const EMPTY_GRAPH =
  'CAoSCWVhcm4tZWRnZTpcCigKBWlucHV0EgZvdXRwdXQaDW91dHB1dC5vdXRwdXQiCElkZW50aXR5EgVlbXB0eVoTCgVpbnB1dBIKCggI' +
  'ARIECgIIAWIUCgZvdXRwdXQSCgoICAESBAoCCAFCAhAVQhEKDWNvbS5taWNyb3NvZnQQAQ==';

/** onnxruntime's binary: bytes in Node and browsers, a module in workerd, which forbids compiling bytes. */
export type RuntimeBinary = { wasmBytes: ArrayBuffer } | { wasmModule: WebAssembly.Module };

/** Creates and runs sessions, one call at a time: calls must not overlap within one WASM instance. */
export class Runtime {
  /** What sessions run on unless WASM is asked for, which is always there. */
  readonly backend: Backend;
  private readonly queue = new Queue();
  private readonly wasmModule: WebAssembly.Module | null;

  constructor(binary: RuntimeBinary, backend: Backend = 'wasm') {
    this.backend = backend;
    this.wasmModule = 'wasmModule' in binary ? binary.wasmModule : null;
    ort.env.wasm.numThreads = 1;
    // onnxruntime only checks that there are bytes, then calls WebAssembly.instantiate; see `withModule`.
    ort.env.wasm.wasmBinary = 'wasmBytes' in binary ? binary.wasmBytes : new ArrayBuffer(8);
  }

  /** Starts onnxruntime, which otherwise waits for the first session. Needs no I/O. */
  async start(): Promise<void> {
    await this.createSession(
      Uint8Array.from(atob(EMPTY_GRAPH), (char) => char.charCodeAt(0)),
      {},
    );
  }

  /**
   * Throws ModelUnavailable when the graph or its data are refused; on WebGPU also when a node can't run
   * there.
   */
  createSession(graph: Uint8Array, data: ExternalData, backend: Backend = 'wasm'): Promise<Session> {
    return this.queue.run(() =>
      this.withModule(async () => {
        try {
          return await ort.InferenceSession.create(graph, {
            executionProviders: [backend],
            extra: { session: backend === 'webgpu' ? ALL_ON_THE_GPU : {} },
            // In WASM the graphs are as good as they get. Looking for more took a third of a session's
            // creation, for the same bytes at the same speed (docs/log.md).
            graphOptimizationLevel: backend === 'wasm' ? 'disabled' : 'all',
            externalData: Object.entries(data).map(([path, data]) => ({ path, data })),
          });
        } catch (cause) {
          throw new ModelUnavailable('runtime_failed', `no session: ${messageOf(cause)}`, { cause });
        }
      }),
    );
  }

  /** One run. Throws ModelUnavailable when the runtime fails. */
  run(session: Session, feeds: Feeds): Promise<Fetches> {
    return this.queue.run(async () => {
      try {
        return await session.run(feeds);
      } catch (cause) {
        throw new ModelUnavailable('runtime_failed', `run failed: ${messageOf(cause)}`, { cause });
      }
    });
  }

  /** Frees the session's memory inside WASM (whose memory itself never shrinks). */
  release(session: Session): Promise<void> {
    return this.queue.run(() => session.release());
  }

  /**
   * While `task` runs, `WebAssembly.instantiate` gives an instance of the module that came with the script.
   */
  private async withModule<T>(task: () => Promise<T>): Promise<T> {
    const { wasmModule } = this;
    if (wasmModule === null) return task();
    const original = WebAssembly.instantiate;
    const fromModule = async (_bytes: unknown, imports?: WebAssembly.Imports) => {
      const instance = new WebAssembly.Instance(wasmModule, imports);
      return { instance, module: wasmModule };
    };
    WebAssembly.instantiate = fromModule as unknown as typeof WebAssembly.instantiate;
    try {
      return await task();
    } finally {
      WebAssembly.instantiate = original;
    }
  }
}

/** A session that is made when it is first asked for: many deployments never search. */
export class LaterSession {
  private make: (() => Promise<Session>) | null;
  private made: Promise<Session> | undefined;

  constructor(make: () => Promise<Session>) {
    this.make = make;
  }

  /** Throws ModelUnavailable when it can't be made; a later call tries again. */
  get(): Promise<Session> {
    this.made ??= this.make!().then(
      (session) => {
        this.make = null; // and with it what only the making needed
        return session;
      },
      (error) => {
        this.made = undefined;
        throw error;
      },
    );
    return this.made;
  }

  async release(runtime: Pick<Runtime, 'release'>): Promise<void> {
    if (this.made) await runtime.release(await this.made);
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
