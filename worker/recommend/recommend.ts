/** The one pipeline behind every list: history -> state -> scores -> rules -> list. */
import type { CatalogueItem, Properties } from '../catalogue/item.ts';
import { ModelUnavailable } from '../engine/errors.ts';
import type { Ranked } from '../engine/ranking.ts';
import { itemOf } from '../engine/token.ts';
import { reasons } from '../memory/mixture.ts';
import { type Model, modelAt } from '../models/model.ts';
import { type AppliedRules, appliedRules } from '../rules/applied.ts';
import { CANDIDATES, diversified } from './diversity.ts';
import { type Explanation, explanations } from './explain.ts';
import { allowedItems } from './filters/index.ts';
import type { KnownHistory } from './history.ts';
import { type ListQuery, listKey } from './query.ts';
import { leadsTo, RANKERS, type RankerName } from './rankers/index.ts';
import type { Ranker, RankInput } from './rankers/ranker.ts';
import { ranksByRules } from './rules.ts';
import { DIRECT, type Run } from './run.ts';
import type { Found, Source } from './states.ts';

export interface ListedItem {
  id: string;
  title: string;
  categories: string[];
  score: number;
  /** From 1, best first. */
  rank: number;
  /** Ids of the history's items that the memory brought it for, the strongest first. */
  because?: string[];
  /** The model was not trained with it. */
  new?: true;
  /** Names of the rules that touch it. */
  rules?: string[];
  /** What rules added to its score. */
  boost?: number;
  /** Those that the request asked for and the item has. */
  properties?: Properties;
  /** What brought it, where the request asked. */
  explanation?: Explanation;
}

/** Most ids in `because`. */
const MOST_REASONS = 3;

export interface RecommendationList<Cache> {
  items: ListedItem[];
  /**
   * `model`: a ranker of the model made the list. `trending`: what was taken most in the last day, `popular`:
   * the most popular items, because the history has no known item or because the request asked for them.
   */
  source: 'model' | 'trending' | 'popular';
  /** What ordered the list. */
  ranker: RankerName;
  model: { id: string };
  /** The live catalogue that the list is of. */
  catalogue: { version: number; degraded: boolean };
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
  served: Model,
  source: Source<Cache>,
  query: ListQuery,
  run: Run = DIRECT,
): Promise<RecommendationList<Cache>> {
  const now = Date.now();
  const { catalogue, live, manifest } = served;
  const { history, unused, find } = await source.read(served, run);
  const items = [...history.items];
  const taken = items.map(itemOf);
  const model = await modelAt(served, taken);
  const name = rankerFor(model, items, query);
  const ranker: Ranker = RANKERS[name];
  const end = query.offset + query.k;
  const standing = live?.rules.filter((rule) => query.rules?.includes(rule.name) ?? true);
  const rules = appliedRules(standing ?? [], catalogue, now);
  const input = () => ({
    model,
    history: taken,
    target: query.target,
    k: query.diversity ? Math.max(CANDIDATES, end) : end,
    allowed: allowedItems(query, {
      catalogue,
      had: history.had,
      includeSeen: manifest.includeSeen,
    }),
  });
  const made = { tokens: items, items: taken, unknown: history.unknown, ranker: name, query, rules };
  const ranked = async (rank: (input: RankInput) => Promise<Ranked[]>) => {
    const asked = input();
    const best = await ranksByRules(asked, rules, rank);
    catalogue.release?.(asked.allowed);
    const { pinned } = rules;
    const fixed = pinned ? best.filter(({ item }) => pinned[item]).length : 0;
    const { diversity } = query;
    return diversity ? diversified(model, best, { k: end, diversity, fixed }) : best;
  };
  if (!ranker.needsState) {
    return explained(
      model,
      await listOf(model, made, await ranked((each) => ranker.rank(each)), unused),
      made,
      run,
    );
  }
  const version = [live?.version, live?.counts, catalogue.listableAt(now).until, rules.names];
  const key = await listKey(query, manifest.id, name, version);
  const listFrom = async ({ state, cache, list }: Found<Cache>) => {
    const best = await list(key, () =>
      run.stage('search', () => run.infer(0, () => ranked((each) => ranker.rank({ ...each, state })))),
    );
    return explained(model, await listOf(model, made, best, cache), made, run);
  };
  const found = await find(run);
  try {
    return await listFrom(found);
  } catch (error) {
    if (!(error instanceof ModelUnavailable) || !found.renew) throw error;
    return listFrom(await found.renew(run));
  }
}

/** The list with what brought each item, where the request asked and there is a history that did. */
async function explained<Cache>(
  model: Model,
  list: RecommendationList<Cache>,
  { tokens: history, ranker, query }: Made,
  run: Run,
): Promise<RecommendationList<Cache>> {
  if (!query.explain || history.length === 0 || sourceOf(model, ranker) !== 'model') return list;
  const listed = list.items.map(({ id }) => model.catalogue.indexOf(id)!);
  const about = { target: query.target, run };
  const all = await run.stage('explain', () => explanations(model, history, listed, about));
  return { ...list, items: list.items.map((item, at) => ({ ...item, explanation: all[at] })) };
}

/** Without a history, everybody gets what is trending, or while nothing is, what is popular. */
function rankerFor(model: Model, items: number[], { ranker, target }: ListQuery): RankerName {
  const { manifest, live } = model;
  if (items.length > 0) {
    const chosen = ranker ?? manifest.ranker;
    return leadsTo(chosen, model, target) ? chosen : 'latent';
  }
  return live?.trending && ranker !== 'popular' ? 'trending' : 'popular';
}

function sourceOf({ live }: Model, ranker: RankerName): 'model' | 'trending' | 'popular' {
  if (ranker === 'trending') return live?.trending ? 'trending' : 'popular';
  return ranker === 'popular' ? 'popular' : 'model';
}

/** How a list came about. */
interface Made {
  /** Of the context window. */
  tokens: readonly number[];
  /** Indices of their items. */
  items: readonly number[];
  unknown: KnownHistory['unknown'];
  ranker: RankerName;
  query: ListQuery;
  rules: AppliedRules;
}

/** The part of the ranked items that was asked for, in the caller's terms. */
async function listOf<Cache>(
  model: Model,
  made: Made,
  ranked: Ranked[],
  cache: Cache,
): Promise<RecommendationList<Cache>> {
  const { offset } = made.query;
  const { version = 0, degraded = false } = model.live ?? {};
  const page = ranked.slice(offset);
  const indices = page.map(({ item }) => item);
  const because = reasonsOf(model, made, indices);
  const itemAt = await model.catalogue.read([...indices, ...because.flat()]);
  return {
    items: page.map(({ item, score }, index) => {
      const reasons = because[index].map((reason) => itemAt(reason).id);
      const place = { score, rank: offset + index + 1, ...(reasons.length > 0 && { because: reasons }) };
      return listed(itemAt(item), made, item, place);
    }),
    source: sourceOf(model, made.ranker),
    ranker: made.ranker,
    model: { id: model.manifest.id },
    catalogue: { version, degraded },
    cache,
    ignored_items: made.unknown.named,
    ignored_count: made.unknown.hashes.length,
  };
}

/** Which items of the history the memory brought each of these for. */
function reasonsOf({ memory }: Model, { items, ranker }: Made, listed: number[]): number[][] {
  const { usesMemory }: Pick<Ranker, 'usesMemory'> = RANKERS[ranker];
  if (!usesMemory || memory === undefined) return listed.map(() => []);
  return reasons(memory, items, listed, MOST_REASONS, usesMemory);
}

function listed(
  { id, title, categories, isNew, properties = {} }: CatalogueItem,
  { ranker, query, rules }: Made,
  item: number,
  place: Pick<ListedItem, 'score' | 'rank' | 'because'>,
): ListedItem {
  const { boostable = true }: Pick<Ranker, 'boostable'> = RANKERS[ranker];
  const touching = rules.touching(item);
  const boost = boostable ? rules.boosts?.[item] : undefined;
  const wanted = query.return.filter((name) => Object.hasOwn(properties, name));
  return {
    id,
    title,
    categories,
    ...place,
    ...(isNew && { new: isNew }),
    ...(touching.length > 0 && { rules: touching }),
    ...(boost ? { boost } : {}),
    ...(wanted.length > 0 && {
      properties: Object.fromEntries(wanted.map((field) => [field, properties[field]])),
    }),
  };
}
