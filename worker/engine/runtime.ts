/** onnxruntime-web on one WASM thread, the same in workerd, Node and browsers; in browsers also on WebGPU. */
import * as ort from 'onnxruntime-web/wasm';
import type { Backend } from './config.ts';
import { ModelUnavailable } from './errors.ts';
import { Queue } from './queue.ts';

export type Session = ort.InferenceSession;
export type Feeds = Record<string, ort.Tensor>;
export type Fetches = Record<string, ort.Tensor>;
export const Tensor = ort.Tensor;

/** Where graphs find their weights; `scripts/build/graph.ts` writes the same name into them. */
const WEIGHTS_FILE = 'weights.bin';

/**
 * Weights become float32 before the first run, and a node that the GPU can't run is an error: it would go back and forth
 * between the two. https://github.com/microsoft/onnxruntime/blob/main/include/onnxruntime/core/session/onnxruntime_session_options_config_keys.h
 */
const ALL_ON_THE_GPU = { disable_quant_qdq: '1', disable_cpu_ep_fallback: '1' };

/** The runtime's binary: bytes in Node and browsers, a module in workerd, which forbids compiling bytes. */
export type RuntimeBinary = { wasmBytes: ArrayBuffer } | { wasmModule: WebAssembly.Module };

/** Creates and runs sessions. They must not overlap within one WASM instance, so everything queues. */
export class Runtime {
  /** The best that it has: on WebGPU a graph may also run in WASM. */
  readonly backend: Backend;
  private readonly queue = new Queue();
  private readonly wasmModule: WebAssembly.Module | null;

  constructor(binary: RuntimeBinary, backend: Backend = 'wasm') {
    this.backend = backend;
    this.wasmModule = 'wasmModule' in binary ? binary.wasmModule : null;
    ort.env.wasm.numThreads = 1;
    // onnxruntime only checks that something is there before it calls WebAssembly.instantiate, see below.
    ort.env.wasm.wasmBinary = 'wasmBytes' in binary ? binary.wasmBytes : new ArrayBuffer(8);
  }

  /** Throws ModelUnavailable when the graph or its weights are refused; on WebGPU also when a part of it can't run there. */
  createSession(graph: Uint8Array, weights: Uint8Array, backend: Backend = 'wasm'): Promise<Session> {
    return this.queue.run(() =>
      this.withModule(async () => {
        try {
          return await ort.InferenceSession.create(graph, {
            executionProviders: [backend],
            extra: { session: backend === 'webgpu' ? ALL_ON_THE_GPU : {} },
            graphOptimizationLevel: 'all',
            externalData: [{ path: WEIGHTS_FILE, data: weights }],
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

  /** Only while a session is made, `instantiate` hands out an instance of the module that came with the script. */
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

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
