import { ModelUnavailable } from '../engine/errors.ts';
import type { Manifest } from './manifest.ts';
import type { Model } from './model.ts';

/** The first request after this pause tries a failed load again, so a broken deployment isn't hammered. */
export const RETRY_AFTER_MS = 1000;

/** A load that takes longer has lost its request (client gone, CPU limit) and will never settle. */
const ABANDONED_AFTER_MS = 30_000;

/** How often requests that wait for another request's load poll for its result. */
const POLL_MS = 10;

interface Load {
  model?: Model;
  error?: ModelUnavailable;
  /** When it began, then when it failed. */
  since: number;
}

/** Reads the parts of one model folder. Both throw ModelUnavailable. */
export interface ModelLoader {
  model(): Promise<Model>;
  manifest(): Promise<Manifest>;
}

/**
 * One of the isolate's models: loaded at its first use, once for all requests that wait. Files can't change
 * under a live isolate (a deployment starts new ones), so a loaded model stays.
 *
 * A request never awaits what another one began: promises belong to a request, and workerd may cancel one
 * that waits for another's ("your Worker's code had hung"). So a load leaves its result here, and other
 * requests poll for it.
 */
export class ModelHost {
  private readonly loader: ModelLoader;
  private load: Load | undefined;

  constructor(loader: ModelLoader) {
    this.loader = loader;
  }

  /** Throws ModelUnavailable when loading fails; a later call tries again. */
  async model(): Promise<Model> {
    for (;;) {
      const { load } = this;
      if (load?.model) return load.model;
      if (!load || isOver(load)) return this.start();
      if (load.error) throw load.error;
      await scheduler.wait(POLL_MS); // also when tests replace the timers
    }
  }

  /** The manifest, read from the files unless the model is loaded. Throws ModelUnavailable. */
  async manifest(): Promise<Manifest> {
    return this.load?.model?.manifest ?? this.loader.manifest();
  }

  private async start(): Promise<Model> {
    const load: Load = { since: Date.now() };
    this.load = load;
    try {
      load.model = await this.loader.model();
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
