/** The lists that are held against each other: those of the model's rankers, and those of the yardsticks. */
import type { ItemMask } from '../../worker/engine/ranking.ts';
import { itemOf } from '../../worker/engine/token.ts';
import { windowStart } from '../../worker/engine/window.ts';
import { type Model, modelAt } from '../../worker/models/model.ts';
import { allowedItems } from '../../worker/recommend/filters/index.ts';
import { queryFor } from '../../worker/recommend/query.ts';
import { RANKERS, type RankerName } from '../../worker/recommend/rankers/index.ts';
import { LIST_LENGTH } from './metrics.ts';
import type { ListOf } from './yardsticks/tune.ts';

/** The rankers that follow a history, which an evaluation holds against each other. */
export const JUDGED_RANKERS = ['latent', 'beam', 'hybrid', 'counts'] as const satisfies RankerName[];

/** Lists of item indices by the name of what made them, best item first, after a history of tokens. */
export type Lists = (history: Int32Array, allowed: ItemMask) => Promise<Map<string, number[]>>;

/** What the service may list after a history when the request asks for nothing else. */
export function servedAfter(history: Int32Array, { catalogue, manifest, events }: Model): ItemMask {
  const { includeSeen } = manifest;
  const had = events === undefined ? history : events.had(new Int32Array(), [...history]);
  return allowedItems(queryFor(LIST_LENGTH), { catalogue, had, includeSeen });
}

/** What the service reads of a history. */
export function contextWindow(history: Int32Array, { manifest, events }: Model): number[] {
  const window = [...history.subarray(windowStart(history.length, manifest.config.contextWindow))];
  return events === undefined ? window : [...events.standing(window)];
}

/** The lists that the model's rankers serve. Without a history the service lists the most popular items. */
export function modelLists(model: Model, rankers: readonly RankerName[], beam: number): Lists {
  return async (tokens, allowed) => {
    const window = contextWindow(tokens, model);
    const input = { model, history: window.map(itemOf), allowed, beam, k: LIST_LENGTH };
    if (window.length === 0) {
      const popular = model.catalogue.mostPopular(allowed, LIST_LENGTH).map(({ item }) => item);
      return new Map(rankers.map((name) => [name, popular]));
    }
    const state = await model.prefill(window);
    const ready = await modelAt(model, input.history);
    const lists = new Map<string, number[]>();
    for (const name of rankers) {
      const ranked = await RANKERS[name].rank({ ...input, model: ready, state });
      lists.set(
        name,
        ranked.map(({ item }) => item),
      );
    }
    return lists;
  };
}

export function yardstickLists(yardsticks: ReadonlyMap<string, { list: ListOf }>, { events }: Model): Lists {
  return async (tokens, allowed) => {
    const history = events === undefined ? tokens : events.standing([...tokens]).map(itemOf);
    return new Map([...yardsticks].map(([name, { list }]) => [name, list(history, allowed)]));
  };
}
