import { ModelUnavailable } from './engine/errors.ts';
import type { Model } from './engine/model.ts';

/** A failed load is tried again by the first request after this pause, so a broken deployment isn't hammered. */
export const RETRY_AFTER_MS = 1000;

/** A load that takes longer has lost its request (the client left, CPU limit) and will never settle. */
const ABANDONED_AFTER_MS = 30_000;

/** How often a request looks whether another one's load is done. */
const LOOK_EVERY_MS = 10;

type State =
  | { name: 'idle' }
  | { name: 'loading'; since: number }
  | { name: 'loaded'; model: Model }
  | { name: 'failed'; since: number; error: ModelUnavailable };

/**
 * The isolate's model: loaded at its first use, once for all requests that wait. Files can't change under a live
 * isolate (a deployment starts new ones), so a loaded model stays.
 *
 * Requests share the model and never a promise: a promise belongs to the request that made it, and one that waits for
 * another's is sometimes left hanging by the runtime, or refused its own I/O
 * (https://developers.cloudflare.com/workers/observability/errors/). So those that wait look again and again.
 */
export class ModelHost {
  private readonly loadModel: () => Promise<Model>;
  private state: State = { name: 'idle' };

  constructor(loadModel: () => Promise<Model>) {
    this.loadModel = loadModel;
  }

  /** Throws ModelUnavailable when loading fails; a later call tries again. */
  async model(): Promise<Model> {
    for (;;) {
      const { state } = this;
      if (state.name === 'loaded') return state.model;
      if (state.name === 'failed' && ageOf(state) < RETRY_AFTER_MS) throw state.error;
      if (state.name !== 'loading' || ageOf(state) >= ABANDONED_AFTER_MS) return this.load();
      await scheduler.wait(LOOK_EVERY_MS);
    }
  }

  private async load(): Promise<Model> {
    this.state = { name: 'loading', since: Date.now() };
    try {
      const model = await this.loadModel();
      this.state = { name: 'loaded', model };
      return model;
    } catch (cause) {
      const error =
        cause instanceof ModelUnavailable
          ? cause
          : new ModelUnavailable('runtime_failed', 'the model could not be loaded', { cause });
      this.state = { name: 'failed', since: Date.now(), error };
      throw error;
    }
  }
}

function ageOf({ since }: { since: number }): number {
  return Date.now() - since;
}
