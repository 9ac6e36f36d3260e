/** The one pipeline behind every list: history -> state -> scores -> rules -> list. */
import type { Ranked } from '../engine/ranking.ts';
import type { Model } from '../models/model.ts';
import { allowedItems } from './filters/index.ts';
import type { KnownHistory } from './history.ts';
import { type ListQuery, listKey } from './query.ts';
import { RANKERS, type RankerName } from './rankers/index.ts';
import type { Ranker } from './rankers/ranker.ts';
import { DIRECT, type Run } from './run.ts';
import type { Source } from './states.ts';

export interface ListedItem {
  id: string;
  title: string;
  categories: string[];
  score: number;
  /** From 1, best first. */
  rank: number;
  /** Ids of the history's items that the memory brought it for, the strongest first. */
  because?: string[];
}

/** Most ids in `because`. */
const MOST_REASONS = 3;

export interface RecommendationList<Cache> {
  items: ListedItem[];
  /**
   * `model`: a ranker of the model made the list. `popular`: the most popular items, because the history has
   * no known item or because the request asked for them.
   */
  source: 'model' | 'popular';
  model: { id: string };
  cache: Cache;
  /** Ids of the history that the model does not know, each once: the first hundred of them. */
  ignored_items: string[];
  /** How many there are. */
  ignored_count: number;
}

/**
 * What to recommend after a history.
 * @throws {ModelUnavailable} when the engine fails; whatever `run` throws when it refuses to infer; whatever
 * the source throws
 */
export async function recommend<Cache>(
  model: Model,
  source: Source<Cache>,
  query: ListQuery,
  run: Run = DIRECT,
): Promise<RecommendationList<Cache>> {
  const { history, unused, find } = await source.read(model, run);
  const items = [...history.items];
  const name = items.length > 0 ? (query.ranker ?? model.manifest.ranker) : 'popular';
  const ranker: Ranker = RANKERS[name];
  const input = () => ({
    model,
    history: items,
    k: query.offset + query.k,
    allowed: allowedItems(query, {
      catalogue: model.catalogue,
      had: history.had,
      includeSeen: model.manifest.includeSeen,
    }),
  });
  if (!ranker.needsState) {
    return listOf(model, history, name, await ranker.rank(input()), query, unused);
  }
  const { state, cache, list } = await find(run);
  const key = await listKey(query, model.manifest.id, name);
  const ranked = await list(key, () => run.infer('search', () => ranker.rank({ ...input(), state })));
  return listOf(model, history, name, ranked, query, cache);
}

/** The part of the ranked items that was asked for, in the caller's terms. */
function listOf<Cache>(
  { manifest, catalogue, memory }: Model,
  { items: window, unknown }: KnownHistory,
  ranker: RankerName,
  ranked: Ranked[],
  { offset }: ListQuery,
  cache: Cache,
): RecommendationList<Cache> {
  const history = [...window];
  const items = ranked.slice(offset).map(({ item, score }, index) => {
    const { id, title, categories } = catalogue.items[item];
    const listed = { id, title, categories, score, rank: offset + index + 1 };
    const reasons = RANKERS[ranker].usesMemory ? memory?.because(history, item, MOST_REASONS) : undefined;
    if (!reasons?.length) return listed;
    return { ...listed, because: reasons.map((reason) => catalogue.items[reason].id) };
  });
  return {
    items,
    source: ranker === 'popular' ? 'popular' : 'model',
    model: { id: manifest.id },
    cache,
    ignored_items: unknown.named,
    ignored_count: unknown.hashes.length,
  };
}
