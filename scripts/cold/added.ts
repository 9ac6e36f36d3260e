/** Items that no training has seen, added to a model as a shop adds them, and lists that are served then. */
import { changed } from '../../worker/catalogue/record.ts';
import type { Event } from '../../worker/history/event.ts';
import { Live } from '../../worker/live/live.ts';
import type { Model } from '../../worker/models/model.ts';
import { queryFor } from '../../worker/recommend/query.ts';
import { recommend } from '../../worker/recommend/recommend.ts';
import { DIRECT } from '../../worker/recommend/run.ts';
import { given, type NoCache, type Reading, type Source } from '../../worker/recommend/states.ts';
import type { Item } from '../data/items.ts';

const LIST = 10;

/** The model as it serves once these items were added. */
export function withItems(
  model: Model,
  items: readonly Pick<Item, 'id' | 'title' | 'categories'>[],
): Promise<Model> {
  const records = items.map(
    ({ id, title, categories = [] }) =>
      changed(undefined, { kind: 'put', id, fields: { title, categories } })!,
  );
  const snapshot = { version: 1, records, rules: [] };
  const catalogue = { read: async () => ({ value: snapshot, degraded: false }) };
  const counts = { read: async () => ({ value: null, degraded: false }) };
  return new Live(catalogue, counts).over(Promise.resolve(model));
}

/** A list of ten, from the first: ids. */
export async function listAfter(model: Model, history: Source<NoCache>): Promise<string[]> {
  return (await recommend(model, history, queryFor(LIST))).items.map(({ id }) => id);
}

/** A history that is prefilled once, for models that differ only in how they rank. */
export async function prefilledOnce(model: Model, events: readonly Event[]): Promise<Source<NoCache>> {
  const reading = await given(events).read(model, DIRECT);
  let found: ReturnType<Reading<NoCache>['find']> | undefined;
  const find: typeof reading.find = (run) => (found ??= reading.find(run));
  return { read: async () => ({ ...reading, find }) };
}
