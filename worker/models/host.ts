import { ModelUnavailable } from '../engine/errors.ts';
import type { Model } from './model.ts';

/** A failed load is tried again by the first request after this pause, so a broken deployment isn't hammered. */
export const RETRY_AFTER_MS = 1000;

/** A load that takes longer has lost its request (the client left, CPU limit) and will never settle. */
const ABANDONED_AFTER_MS = 30_000;

/** How often those who wait for another request's load look whether it is over. */
const LOOK_AGAIN_MS = 10;

interface Load {
  model?: Model;
  error?: ModelUnavailable;
  /** When it began, then when it failed. */
  since: number;
}

/**
 * The isolate's model: loaded at its first use, once for all requests that wait. Files can't change under a live
 * isolate (a deployment starts new ones), so a loaded model stays.
 *
 * A request never awaits what another began: promises belong to a request, and workerd at times cancels one that waits
 * for another's ("your Worker's code had hung"). So the load leaves its outcome here, and the others come and look.
 */
export class ModelHost {
  private readonly loadModel: () => Promise<Model>;
  private load: Load | undefined;

  constructor(loadModel: () => Promise<Model>) {
    this.loadModel = loadModel;
  }

  /** Throws ModelUnavailable when loading fails; a later call tries again. */
  async model(): Promise<Model> {
    for (;;) {
      const { load } = this;
      if (load?.model) return load.model;
      if (!load || isOver(load)) return this.start();
      if (load.error) throw load.error;
      await scheduler.wait(LOOK_AGAIN_MS); // also under tests that turn the clock
    }
  }

  private async start(): Promise<Model> {
    const load: Load = { since: Date.now() };
    this.load = load;
    try {
      load.model = await this.loadModel();
      return load.model;
    } catch (cause) {
      load.error =
        cause instanceof ModelUnavailable
          ? cause
          : new ModelUnavailable('runtime_failed', 'the model could not be loaded', { cause });
      load.since = Date.now();
      throw load.error;
    }
  }
}

/** Whether it is time for a new attempt. */
function isOver({ error, since }: Load): boolean {
  return Date.now() - since >= (error ? RETRY_AFTER_MS : ABANDONED_AFTER_MS);
}
