import type { Model } from '../models/model.ts';
import { type ListedItem, type ListQuery, listed, searchFor } from './recommend.ts';

export interface SimilarList {
  /** Scores are cosines of the items' vectors to the one's own: 1 is the same direction, -1 the opposite. */
  items: ListedItem[];
  model: { id: string };
}

/** The items most like one of the catalogue (its index). */
export function similarTo(model: Model, item: number, query: ListQuery): SimilarList {
  const request = searchFor(model, [], { ...query, include_seen: false });
  const items = model.itemTable().nearest(item, request.allowed, request.k);
  return { items: listed(model.catalogue, items, query), model: { id: model.manifest.id } };
}
