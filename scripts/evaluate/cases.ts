/** Held-out items as a model sees them, and their places in its lists. */
import type { HistoryState } from '../../worker/engine/decoder.ts';
import { windowStart } from '../../worker/engine/window.ts';
import type { RankerName } from '../../worker/models/manifest.ts';
import type { EarnModel } from '../../worker/models/model.ts';
import { RANKERS } from '../../worker/recommend/rankers/index.ts';
import type { Case } from '../dataset.ts';
import { LIST_LENGTH } from './metrics.ts';

/** A held-out case in the model's own item indices. */
export interface IndexedCase {
  history: number[];
  target: number;
  /** What must not be listed: all that the user has had, except the target itself. */
  excluded: Set<number>;
}

/** Throws an Error for an item that the model does not know. */
export function indexed(model: EarnModel, { history, target }: Case): IndexedCase {
  const indexOf = (id: string) => {
    const index = model.catalogue.indexOf(id);
    if (index === undefined) throw new Error(`the model does not know item ${id}; is it of this data?`);
    return index;
  };
  const indices = history.map(indexOf);
  const item = indexOf(target);
  const excluded = new Set(indices);
  excluded.delete(item); // had before: still the answer
  return { history: indices, target: item, excluded };
}

export function stateOf(model: EarnModel, { history }: IndexedCase): Promise<HistoryState> {
  return model.prefill(history.slice(windowStart(history.length, model.manifest.config.contextWindow)));
}

/** The first items of a ranker's list. */
export async function listOf(
  model: EarnModel,
  state: HistoryState,
  { history, excluded }: IndexedCase,
  ranker: RankerName,
  beam: number,
): Promise<number[]> {
  const allowed = model.catalogue.allowed(excluded);
  const input = { model, state, history, k: LIST_LENGTH, allowed, beam };
  const ranked = await RANKERS[ranker].rank(input);
  return ranked.map(({ item }) => item);
}

/** Items from the most to the least frequent in these histories; equal ones in the catalogue's order. */
export function byPopularity(model: EarnModel, histories: Iterable<string[]>): number[] {
  const counts = new Float64Array(model.catalogue.items.length);
  for (const history of histories) {
    for (const id of history) {
      const index = model.catalogue.indexOf(id);
      if (index !== undefined) counts[index]++;
    }
  }
  return [...counts.keys()].sort((a, b) => counts[b] - counts[a] || a - b);
}

/** The list that is the most popular items for everybody. */
export function popularList(popular: number[], { excluded }: IndexedCase): number[] {
  const list: number[] = [];
  for (const item of popular) {
    if (list.length === LIST_LENGTH) break;
    if (!excluded.has(item)) list.push(item);
  }
  return list;
}
