import type { Model } from './engine/model.ts';

export interface RecommendationQuery {
  /** Item ids, oldest first. */
  history: string[];
  k: number;
  /** Ids of items that must not be recommended. */
  exclude: string[];
  /** Whether items of the history may be recommended again. */
  include_seen: boolean;
}

export interface RecommendedItem {
  id: string;
  title: string;
  /** Log-probability of the item as the next one. */
  score: number;
  /** From 1, best first. */
  rank: number;
}

export interface RecommendationList {
  items: RecommendedItem[];
  /** `prior` when no known item of a history shaped the list: what the model expects of anyone. */
  source: 'model' | 'prior';
  model: { id: string };
  cache: { status: 'none'; reused_items: number; prefilled_items: number };
  /** Ids of the history that the model does not know, each once. */
  ignored_items: string[];
}

/** What to recommend after this history. Throws ModelUnavailable when the engine fails. */
export async function recommend(model: Model, query: RecommendationQuery): Promise<RecommendationList> {
  const { manifest, catalogue } = model;
  const history = indicesOf(model, query.history);
  const excluded = new Set(indicesOf(model, query.exclude));
  // The model looks at the newest window only, yet everything in the history has been seen.
  if (!query.include_seen) for (const item of history) excluded.add(item);
  const { items, prefilled } = await model.recommend({ history, k: query.k, excluded });
  return {
    items: items.map(({ item, score }, index) => {
      const { id, title } = catalogue.items[item];
      return { id, title, score, rank: index + 1 };
    }),
    source: history.length > 0 ? 'model' : 'prior',
    model: { id: manifest.id },
    cache: { status: 'none', reused_items: 0, prefilled_items: prefilled },
    ignored_items: [...new Set(query.history.filter((id) => catalogue.indexOf(id) === undefined))],
  };
}

/** Ids that the model does not know are left out. */
function indicesOf({ catalogue }: Model, ids: string[]): number[] {
  return ids.map((id) => catalogue.indexOf(id)).filter((index) => index !== undefined);
}
