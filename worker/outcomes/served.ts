/** The list that a user saw last, and what became of it. */

/** Who made a list. */
export interface Maker {
  /** Id of the model. */
  model: string;
  ranker: string;
  /** Name of the user's variant; empty without variants. */
  variant: string;
}

export interface Served extends Maker {
  /** `recommendation_id` of the answer. */
  id: string;
  /** Ids of the first items, best first. */
  items: string[];
}

/** A list, once its user has done something. */
export interface Judged extends Served {
  /** Rank of the best item that the user then took, from 1; null when none stood in the list. */
  rank: number | null;
}

/** Items of a list that are kept until it is judged. */
export const MOST_SERVED = 50;
/** A list that is older did not bring what happens now. */
export const SERVED_MS = 24 * 60 * 60 * 1000;

export function judged(served: Served, taken: readonly string[]): Judged {
  const ranks = taken.map((id) => served.items.indexOf(id) + 1).filter((rank) => rank > 0);
  return { ...served, rank: ranks.length > 0 ? Math.min(...ranks) : null };
}

/** The list's id says who made it, so that explicit events need no look-up. */
export function recommendationId({ model, ranker, variant }: Maker): string {
  return [model, ranker, variant, crypto.randomUUID()].join('.');
}

/** Model, ranker, variant, and a UUID. */
export const RECOMMENDATION_ID = /^([0-9a-f]{16})\.(\w+)\.([\w-]*)\.[0-9a-f-]{36}$/;

/** Who made the list with this id; null for what is no such id. */
export function makerOf(id: string): Maker | null {
  const [, model, ranker, variant] = RECOMMENDATION_ID.exec(id) ?? [];
  return model === undefined ? null : { model, ranker, variant };
}
