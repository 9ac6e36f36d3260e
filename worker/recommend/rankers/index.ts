/** Every ranker by the name that requests use. A ranker that stands here is in the API and its docs. */
import type { Model } from '../../models/model.ts';
import { beam } from './beam.ts';
import { counts } from './counts.ts';
import { hybrid } from './hybrid.ts';
import { latent } from './latent.ts';
import { popular } from './popular.ts';
import type { Ranker } from './ranker.ts';
import { similar } from './similar.ts';
import { trending } from './trending.ts';

export const RANKERS = { latent, beam, hybrid, counts, trending, popular, similar } satisfies Record<
  string,
  Ranker
>;

export type RankerName = keyof typeof RANKERS;

/** Whether the model has what the ranker needs. */
export function isAvailable(name: RankerName, model: Model): boolean {
  const { available }: Ranker = RANKERS[name];
  return available?.(model) ?? true;
}

/** Whether its lists can lead to events of this type; undefined: whatever the model leads to. */
export function leadsTo(name: RankerName, { events }: Model, target: string | undefined): boolean {
  return target === undefined || target === events?.meaning.target || RANKERS[name].needsState;
}

/** The rankers that the model can be asked for. */
export function rankersOf(model: Model): RankerName[] {
  return (Object.keys(RANKERS) as RankerName[]).filter((name) => isAvailable(name, model));
}
