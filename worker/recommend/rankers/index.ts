/** Every ranker by the name that requests use. A ranker that stands here is in the API and its docs. */
import { beam } from './beam.ts';
import { hybrid } from './hybrid.ts';
import { latent } from './latent.ts';
import { popular } from './popular.ts';
import type { Ranker } from './ranker.ts';
import { similar } from './similar.ts';

export const RANKERS = { latent, beam, hybrid, popular, similar } satisfies Record<string, Ranker>;

export type RankerName = keyof typeof RANKERS;
