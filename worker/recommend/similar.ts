import type { Model } from '../models/model.ts';
import { type ListedItem, type ListQuery, listed, searchFor } from './recommend.ts';

export interface SimilarList {
  /** Scores are cosines of the items' vectors to the one's own: 1 is the same direction, -1 the opposite. */
  items: ListedItem[];
  model: { id: string };
}

/** The items most like one of the catalogue (its index). Throws ModelUnavailable when its vectors can't be read. */
export async function similarTo(model: Model, item: number, query: ListQuery): Promise<SimilarList> {
  const request = searchFor(model, [], { ...query, include_seen: false });
  const items = await model.similar(item, request);
  return { items: listed(model.catalogue, items, query), model: { id: model.manifest.id } };
}
