import { ModelUnavailable } from '../engine/errors.ts';
import { hash32 } from '../engine/hex.ts';
import type { Live } from '../live/live.ts';
import { stateIdsOf } from '../live/live.ts';
import type { ModelHost } from './host.ts';
import type { Manifest } from './manifest.ts';
import type { Model } from './model.ts';

/** The model that serves, and the one that is being rolled out beside it. */
export const MODEL_NAMES = ['current', 'candidate'] as const;
export type ModelName = (typeof MODEL_NAMES)[number];

/**
 * Which of a deployment's models answers: the one that the request names; else the candidate for its share of
 * the users; else the current one. An isolate loads each at its first use.
 */
export class Models {
  private readonly hosts: Record<ModelName, ModelHost>;
  private readonly share: number;
  private readonly live: Pick<Live, 'over' | 'manifest'>;

  /**
   * `share`: percent of the users that the candidate answers, 0 to 100. Throws RangeError for any other.
   * `live`: what has been said since the training.
   */
  constructor(hosts: Record<ModelName, ModelHost>, live: Pick<Live, 'over' | 'manifest'>, share = 0) {
    if (!(share >= 0 && share <= 100)) throw new RangeError(`a share of ${share} % is not from 0 to 100`);
    this.hosts = hosts;
    this.share = share;
    this.live = live;
  }

  /**
   * The model that answers, given the name from the request and the user whom it is about. Throws
   * ModelUnavailable. When a candidate can't be loaded, the current model answers for its share of the users.
   */
  model(name?: ModelName, user?: string): Promise<Model> {
    return this.live.over(this.choose((host) => host.model(), name, user));
  }

  /** The manifest of that model, without loading the model. */
  async manifest(name?: ModelName, user?: string): Promise<Manifest> {
    return this.live.manifest(await this.choose((host) => host.manifest(), name, user));
  }

  /** The same models with other changes since the training. */
  withLive(live: Pick<Live, 'over' | 'manifest'>): Models {
    return new Models(this.hosts, live, this.share);
  }

  /** State ids of all models of the deployment: each may have made states of a user. Loads no model. */
  async stateIds(): Promise<string[]> {
    return (await this.manifests()).flatMap(stateIdsOf);
  }

  /**
   * Ids of all models of the deployment. Loads no model. Throws ModelUnavailable unless each can be told, or
   * is known not to be there.
   */
  async ids(): Promise<string[]> {
    const { id } = await this.hosts.current.manifest();
    try {
      return [id, (await this.hosts.candidate.manifest()).id];
    } catch (error) {
      if (error instanceof ModelUnavailable && error.reason === 'asset_missing') return [id];
      throw error;
    }
  }

  private async manifests(): Promise<Manifest[]> {
    const manifests = await Promise.allSettled(MODEL_NAMES.map((name) => this.hosts[name].manifest()));
    return manifests.flatMap((read) => (read.status === 'fulfilled' ? [read.value] : []));
  }

  private async choose<T>(
    read: (host: ModelHost) => Promise<T>,
    name?: ModelName,
    user?: string,
  ): Promise<T> {
    if (name) return read(this.hosts[name]);
    if (user !== undefined && (await this.isShared(user))) {
      try {
        return await read(this.hosts.candidate);
      } catch (error) {
        if (!(error instanceof ModelUnavailable)) throw error;
      }
    }
    return read(this.hosts.current);
  }

  /** Whether the candidate answers the user. A user of a share also belongs to every larger one. */
  private async isShared(user: string): Promise<boolean> {
    if (this.share === 0) return false;
    return (await hash32(user)) / 2 ** 32 < this.share / 100;
  }
}
