import type { Catalogue } from '../catalogue/catalogue.ts';
import { bestItems, type Ranked } from '../engine/ranking.ts';
import { windowStart } from '../engine/window.ts';
import type { RankerName } from '../models/manifest.ts';
import type { Model } from '../models/model.ts';
import { type SearchRequest, search } from './search.ts';

/** What may be asked of any list. */
export interface ListQuery {
  k: number;
  /** Better items to leave out: the list begins with the one of rank `offset + 1`. */
  offset: number;
  /** Ids of items that must not be listed. */
  exclude: string[];
  /** Only items of at least one of these, which the catalogue has; any item when empty. */
  categories: string[];
}

export interface RecommendationQuery extends ListQuery {
  /** Whether items of the history may be recommended again. */
  include_seen: boolean;
  /** How the list is made of the history's state (`SearchRequest`). @default the model's best on validation */
  decoder?: RankerName;
}

export interface ListedItem {
  id: string;
  title: string;
  score: number;
  /** From 1, best first. */
  rank: number;
}

export interface RecommendationList<Cache> {
  items: ListedItem[];
  /**
   * `model`: scores are log-probabilities of the items as the next one. `popular`: no known item of the history could shape
   * the list, so that it is the most popular items; scores are logs of their shares of all interactions.
   */
  source: 'model' | 'popular';
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

/** A history in the model's terms. */
export interface KnownHistory {
  /** Item indices, oldest first. */
  known: number[];
  /** Ids that the model does not know, each once. */
  ignored: string[];
}

/** What to recommend after this history (ids, oldest first). Throws ModelUnavailable when the engine fails. */
export async function recommend(
  model: Model,
  ids: string[],
  query: RecommendationQuery,
): Promise<RecommendationList<NoCache>> {
  const history = resolve(model, ids);
  const { known } = history;
  const request = searchFor(model, known, query);
  const read = known.slice(windowStart(known.length, model.manifest.config.contextWindow));
  const items =
    read.length > 0 ? await search(model, await model.prefill(read), request) : mostPopular(model, request);
  const cache: NoCache = { status: 'none', reused_items: 0, prefilled_items: read.length };
  return listOf(model, history, items, query, cache);
}

/** The list for a history without a known item. */
export function mostPopular({ catalogue }: Model, { allowed, k }: SearchRequest): Ranked[] {
  return bestItems(catalogue.popularity, allowed, k);
}

export function resolve({ catalogue }: Model, ids: string[]): KnownHistory {
  const known: number[] = [];
  const ignored = new Set<string>();
  for (const id of ids) {
    const index = catalogue.indexOf(id);
    if (index === undefined) ignored.add(id);
    else known.push(index);
  }
  return { known, ignored: [...ignored] };
}

/** The search that a query comes down to. The model looks at the newest window only, yet all of `history` has been seen. */
export function searchFor(model: Model, history: number[], query: RecommendationQuery): SearchRequest {
  const { k, offset, exclude, categories, include_seen, decoder } = query;
  const { known } = resolve(model, exclude);
  const excluded = include_seen ? known : [...known, ...history];
  return { k: offset + k, allowed: model.catalogue.allowed(excluded, categories), ranker: decoder };
}

export function listOf<Cache>(
  { manifest, catalogue }: Model,
  { known, ignored }: KnownHistory,
  items: Ranked[],
  query: ListQuery,
  cache: Cache,
): RecommendationList<Cache> {
  return {
    items: listed(catalogue, items, query),
    source: known.length > 0 ? 'model' : 'popular',
    model: { id: manifest.id },
    cache,
    ignored_items: ignored,
  };
}

/** The part of a ranked list that was asked for, in the user's terms. */
export function listed(catalogue: Catalogue, items: Ranked[], { offset }: ListQuery): ListedItem[] {
  return items.slice(offset).map(({ item, score }, index) => {
    const { id, title } = catalogue.items[item];
    return { id, title, score, rank: offset + index + 1 };
  });
}
