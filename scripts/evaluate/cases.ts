/** The data in the model's item indices, and what is ranked of it. */
import type { Model } from '../../worker/models/model.ts';
import type { Case, Dataset } from '../dataset.ts';
import { UserError } from '../errors.ts';
import type { TrainingLog } from './yardsticks/training-log.ts';

/** A held-out case in the model's item indices. */
export interface IndexedCase {
  /** All that the user did before, oldest first. */
  history: Int32Array;
  target: number;
  /** Whether the user had the target before. */
  repeat: boolean;
}

/** Each user's item indices, oldest first. @throws {UserError} for an item that the model does not know */
export function indexed({ logs }: Dataset, { catalogue }: Model): Map<string, Int32Array> {
  const indexOf = (id: string) => {
    const index = catalogue.indexOf(id);
    if (index === undefined)
      throw new UserError(`the model does not know item ${id}: was it trained on other data?`);
    return index;
  };
  return new Map([...logs].map(([user, { items }]) => [user, Int32Array.from(items, indexOf)]));
}

export function indexedCase({ user, place }: Case, users: ReadonlyMap<string, Int32Array>): IndexedCase {
  const items = users.get(user)!;
  const history = items.subarray(0, place);
  return { history, target: items[place], repeat: history.includes(items[place]) };
}

/** What models are trained on, for the yardsticks. */
export function trainingLog(
  { logs }: Dataset,
  users: ReadonlyMap<string, Int32Array>,
  items: number,
): TrainingLog {
  const trained = [...logs].filter(([, log]) => log.trained > 0);
  const byTime = trained.toSorted(([, a], [, b]) => a.times[a.trained - 1] - b.times[b.trained - 1]);
  return { histories: byTime.map(([user, log]) => users.get(user)!.subarray(0, log.trained)), items };
}
