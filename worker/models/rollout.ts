import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { ModelUnavailable } from '../engine/errors.ts';
import { sha256Hex } from '../engine/hex.ts';
import { invalidRequest } from '../http/problem.ts';
import type { ModelHost } from './host.ts';
import type { Model } from './model.ts';

/** The model that serves, and the one that is being rolled out beside it. */
export const MODEL_NAMES = ['current', 'candidate'] as const;
export type ModelName = (typeof MODEL_NAMES)[number];

/** Names the model that must answer, whatever share the candidate has. */
export const MODEL_HEADER = 'X-Model';

/**
 * Which of a deployment's models answers a request: the one that `X-Model` names; else the candidate for its share of the
 * users; else the current one. An isolate loads each at its first use, so it holds the candidate only once it was asked for.
 */
export class Models {
  private readonly hosts: Record<ModelName, ModelHost>;
  private readonly share: number;

  /** `share`: percent of the users that the candidate answers, 0 to 100. Throws RangeError for any other. */
  constructor(hosts: Record<ModelName, ModelHost>, share = 0) {
    if (!(share >= 0 && share <= 100)) throw new RangeError(`a share of ${share} % is not from 0 to 100`);
    this.hosts = hosts;
    this.share = share;
  }

  /**
   * The model for the request, and the user whom it is about. Throws ModelUnavailable. A candidate that can't be
   * loaded leaves the users of its share to the current model.
   */
  async model(c: Context, user?: string): Promise<Model> {
    const name = c.get('model');
    if (name) return this.hosts[name].model();
    if (user !== undefined && (await this.isShared(user))) {
      try {
        return await this.hosts.candidate.model();
      } catch (error) {
        if (!(error instanceof ModelUnavailable)) throw error;
      }
    }
    return this.hosts.current.model();
  }

  /** Ids of all models that can be loaded: each may have made states of a user. */
  async ids(): Promise<string[]> {
    const loads = await Promise.allSettled(MODEL_NAMES.map((name) => this.hosts[name].model()));
    return loads.flatMap((load) => (load.status === 'fulfilled' ? [load.value.manifest.id] : []));
  }

  /** Whoever belongs to a share belongs to every larger one, so raising it moves nobody back. */
  private async isShared(user: string): Promise<boolean> {
    if (this.share === 0) return false;
    const hash = await sha256Hex(new TextEncoder().encode(user));
    return Number.parseInt(hash.slice(0, 8), 16) / 2 ** 32 < this.share / 100;
  }
}

declare module 'hono' {
  interface ContextVariableMap {
    model: ModelName | undefined;
  }
}

/** Reads `X-Model` before anything is done for the request. @throws {Problem} `invalid_request` for an unknown name */
export const modelHeader = createMiddleware(async (c, next) => {
  const header = c.req.header(MODEL_HEADER);
  const name = MODEL_NAMES.find((name) => name === header);
  if (header !== undefined && name === undefined) {
    throw invalidRequest([{ path: 'header/x-model', message: `Neither ${MODEL_NAMES.join(' nor ')}` }]);
  }
  c.set('model', name);
  await next();
});
