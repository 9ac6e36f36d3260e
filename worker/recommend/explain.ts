/**
 * Why an item stands in a list: what each of the newest items of the history adds to its score, by leaving it
 * out. That is exact for the decoder and the memory together. It costs a prefill of the context window for
 * each of them, so only the newest are asked about.
 */
import { itemOf } from '../engine/token.ts';
import { windowStart } from '../engine/window.ts';
import { mixed } from '../memory/mixture.ts';
import { type Model, modelAt } from '../models/model.ts';
import { prefilled } from './prefill.ts';
import type { Run } from './run.ts';

/** Newest different items of the history that are left out, one at a time. */
export const MOST_LEFT_OUT = 8;
/** Reasons per item. */
const MOST_REASONS = 3;
/** An item among so many of the most taken ones is said to be trending. */
const TRENDING = 100;

export interface Explanation {
  /** Items of the history that raise its log-probability, the strongest first, and by how much. */
  history: { id: string; contribution: number }[];
  /** Categories that it shares with these. */
  categories: string[];
  /** It is among the hundred items that were taken most in the last day. */
  trending?: true;
}

/**
 * The explanations of these items, in their order. `history`: the context window's tokens.
 */
export async function explanations(
  model: Model,
  history: readonly number[],
  listed: readonly number[],
  { target, run }: { target?: string; run: Run },
): Promise<Explanation[]> {
  const { catalogue, live } = model;
  const after = (items: readonly number[]) => logProbsAfter(model, items, { target, run });
  const whole = await after(history);
  const newest = [...new Set(history.toReversed().map(itemOf))].slice(0, MOST_LEFT_OUT);
  const without: ArrayLike<number>[] = [];
  for (const item of newest) without.push(await after(history.filter((other) => itemOf(other) !== item)));
  const itemAt = await catalogue.read([...newest, ...listed]);
  const trend = live?.trending?.nth(TRENDING);
  return listed.map((item) => {
    const added = newest
      .map((reason, at) => ({ reason, contribution: whole[item] - without[at][item] }))
      .filter(({ contribution }) => contribution > 0)
      .sort((a, b) => b.contribution - a.contribution)
      .slice(0, MOST_REASONS);
    const theirs = new Set(added.flatMap(({ reason }) => itemAt(reason).categories));
    return {
      history: added.map(({ reason, contribution }) => ({ id: itemAt(reason).id, contribution })),
      categories: itemAt(item).categories.filter((name) => theirs.has(name)),
      ...(trend !== undefined && live!.trending!.share(item) >= trend && { trending: true as const }),
    };
  });
}

/** Log-probability of each item after the tokens: the decoder's, mixed with the memory's. */
export async function logProbsAfter(
  model: Model,
  history: readonly number[],
  { target, run }: { target?: string; run: Run },
): Promise<ArrayLike<number>> {
  if (history.length === 0) return model.catalogue.popularity;
  const start = windowStart(history.length, model.manifest.config.contextWindow);
  const state = await prefilled(model, history.slice(start), run);
  const items = history.map(itemOf);
  const { memory } = await modelAt(model, items);
  return run.infer(0, async () => mixed(await model.itemLogProbs(state, target), memory, items));
}
