import { ModelUnavailable } from './engine/errors.ts';
import type { Model } from './engine/model.ts';

/** A failed load is tried again by the first request after this pause, so a broken deployment isn't hammered. */
export const RETRY_AFTER_MS = 1000;

/** A load that takes longer has lost its request (the client left, CPU limit) and will never settle. */
const ABANDONED_AFTER_MS = 30_000;

interface Load {
  model: Promise<Model>;
  state: 'loading' | 'loaded' | 'failed';
  /** When it began, then when it failed. */
  since: number;
}

/**
 * The isolate's model: loaded at its first use, once for all requests that wait. Files can't change under a live
 * isolate (a deployment starts new ones), so a loaded model stays.
 */
export class ModelHost {
  private readonly loadModel: () => Promise<Model>;
  private load: Load | undefined;

  constructor(loadModel: () => Promise<Model>) {
    this.loadModel = loadModel;
  }

  /** Throws ModelUnavailable when loading fails; a later call tries again. */
  model(): Promise<Model> {
    if (!this.load || isOver(this.load)) this.load = this.start();
    return this.load.model;
  }

  private start(): Load {
    const load: Load = { model: this.attempt(), state: 'loading', since: Date.now() };
    load.model.then(
      () => {
        load.state = 'loaded';
      },
      () => {
        load.state = 'failed';
        load.since = Date.now();
      },
    );
    return load;
  }

  private async attempt(): Promise<Model> {
    try {
      return await this.loadModel();
    } catch (cause) {
      if (cause instanceof ModelUnavailable) throw cause;
      throw new ModelUnavailable('runtime_failed', 'the model could not be loaded', { cause });
    }
  }
}

function isOver({ state, since }: Load): boolean {
  const age = Date.now() - since;
  return (state === 'failed' && age >= RETRY_AFTER_MS) || (state === 'loading' && age >= ABANDONED_AFTER_MS);
}
