import type { Ranked } from './engine/beam-search.ts';
import type { Model } from './engine/model.ts';

/** What may be asked of a list, whoever's history it is for. */
export interface ListQuery {
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

export interface RecommendationList<Cache> {
  items: RecommendedItem[];
  /** `prior` when no known item of a history shaped the list: what the model expects of anyone. */
  source: 'model' | 'prior';
  model: { id: string };
  cache: Cache;
  /** Ids of the history that the model does not know, each once. */
  ignored_items: string[];
}

export interface NoCache {
  status: 'none';
  reused_items: 0;
  prefilled_items: number;
}

/** What to recommend after this history (ids, oldest first). Throws ModelUnavailable when the engine fails. */
export async function recommend(
  model: Model,
  ids: string[],
  query: ListQuery,
): Promise<RecommendationList<NoCache>> {
  const { known, ignored } = resolve(model, ids);
  const { items, prefilled } = await model.recommend({
    history: known,
    k: query.k,
    excluded: excludedBy(model, known, query),
  });
  return listOf(model, known, ignored, items, {
    status: 'none',
    reused_items: 0,
    prefilled_items: prefilled,
  });
}

/** Item indices of the ids that the model knows, in their order, and the other ids, each once. */
export function resolve({ catalogue }: Model, ids: string[]): { known: number[]; ignored: string[] } {
  const known: number[] = [];
  const ignored = new Set<string>();
  for (const id of ids) {
    const index = catalogue.indexOf(id);
    if (index === undefined) ignored.add(id);
    else known.push(index);
  }
  return { known, ignored: [...ignored] };
}

/** The model looks at the newest window only, yet everything in the history has been seen. */
export function excludedBy(
  model: Model,
  history: number[],
  { exclude, include_seen }: ListQuery,
): Set<number> {
  const excluded = new Set(resolve(model, exclude).known);
  if (!include_seen) for (const item of history) excluded.add(item);
  return excluded;
}

export function listOf<Cache>(
  { manifest, catalogue }: Model,
  history: number[],
  ignored: string[],
  items: Ranked[],
  cache: Cache,
): RecommendationList<Cache> {
  return {
    items: items.map(({ item, score }, index) => {
      const { id, title } = catalogue.items[item];
      return { id, title, score, rank: index + 1 };
    }),
    source: history.length > 0 ? 'model' : 'prior',
    model: { id: manifest.id },
    cache,
    ignored_items: ignored,
  };
}
