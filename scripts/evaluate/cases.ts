/** The data in the model's item indices, and what is ranked of it. */

import { itemOf } from '../../worker/engine/token.ts';
import type { Model } from '../../worker/models/model.ts';
import type { Case, Dataset, UserLog } from '../dataset.ts';
import { UserError } from '../errors.ts';
import type { TrainingLog } from './yardsticks/training-log.ts';

/** A held-out case in the model's item indices. */
export interface IndexedCase {
  /** All that the user did before, as tokens, oldest first: without types of events they are items. */
  history: Int32Array;
  /** The items of it, without what was taken back. */
  taken: Int32Array;
  target: number;
  /** Whether the user had the target before. */
  repeat: boolean;
}

/** Each user's tokens, oldest first. @throws {UserError} for an item that the model does not know */
export function indexed({ logs }: Dataset, { catalogue, events }: Model): Map<string, Int32Array> {
  const indexOf = (id: string) => {
    const index = catalogue.indexOf(id);
    if (index === undefined)
      throw new UserError(`the model does not know item ${id}: was it trained on other data?`);
    return index;
  };
  const tokensOf = ({ items, types }: UserLog) =>
    Int32Array.from(items, (id, place) => {
      const index = indexOf(id);
      return events === undefined ? index : events.token(index, types?.[place] || undefined);
    });
  return new Map([...logs].map(([user, log]) => [user, tokensOf(log)]));
}

export function indexedCase(
  { user, place }: Case,
  users: ReadonlyMap<string, Int32Array>,
  { events }: Model,
): IndexedCase {
  const tokens = users.get(user)!;
  const history = tokens.subarray(0, place);
  const taken = events === undefined ? history : Int32Array.from(events.standing([...history]), itemOf);
  const target = itemOf(tokens[place]);
  return { history, taken, target, repeat: taken.includes(target) };
}

/** What models are trained on, for the yardsticks: items, and which of them a list should lead to. */
export function trainingLog(
  { logs, meaning }: Dataset,
  users: ReadonlyMap<string, Int32Array>,
  { catalogue, events }: Model,
): TrainingLog {
  const trained = [...logs].filter(([, log]) => log.trained > 0);
  const byTime = trained.toSorted(([, a], [, b]) => a.times[a.trained - 1] - b.times[b.trained - 1]);
  const items = catalogue.size;
  const tokens = byTime.map(([user, log]) => users.get(user)!.subarray(0, log.trained));
  if (!meaning || events === undefined) return { histories: tokens, items };
  const kept = tokens.map((each) => events.standing([...each]));
  return {
    histories: kept.map((each) => Int32Array.from(each, itemOf)),
    targets: kept.map((each) => Uint8Array.from(each, (token) => (events.isTarget(token) ? 1 : 0))),
    items,
  };
}
