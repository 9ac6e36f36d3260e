/** The data in the model's item indices, and what is ranked of it. */

import { itemOf } from '../../worker/engine/token.ts';
import type { Model } from '../../worker/models/model.ts';
import { type Case, type Dataset, heldOut, type Split } from '../dataset.ts';
import { UserError } from '../errors.ts';
import type { TrainingLog } from './yardsticks/training-log.ts';

/**
 * What is held out of the model's training.
 * @throws {UserError} when the model was fitted to it
 */
export function unseenCases({ manifest }: Model, dataset: Dataset, split: Split): Case[] {
  if (split === 'valid' && manifest.refit) {
    throw new UserError(
      '--split valid: the model was fitted to the validation items; only test items tell what it is worth',
    );
  }
  return heldOut(dataset, split);
}

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

/** The tokens of a dataset by user, all in one array. */
export class Tokens {
  private readonly all: Int32Array;
  private readonly starts: Int32Array;

  constructor(all: Int32Array, starts: Int32Array) {
    this.all = all;
    this.starts = starts;
  }

  /** A user's, oldest first. */
  of(user: number): Int32Array {
    return this.all.subarray(this.starts[user], this.starts[user + 1]);
  }
}

/** Each user's tokens. @throws {UserError} for an item that the model does not know */
export function indexed(dataset: Dataset, { catalogue, events }: Model): Tokens {
  const { items, item, type, starts, meaning } = dataset;
  const indices = Int32Array.from(items, (id) => {
    const index = catalogue.indexOf(id);
    if (index === undefined)
      throw new UserError(`the model does not know item ${id}: was it trained on other data?`);
    return index;
  });
  const all = item.map((each) => indices[each]);
  if (events && meaning && type) {
    const shifts = Int32Array.from([undefined, ...meaning.types], (name) => events.token(0, name));
    for (let at = 0; at < all.length; at++) all[at] += shifts[type[at]];
  }
  return new Tokens(all, starts);
}

export function indexedCase({ owner, place }: Case, users: Tokens, { events }: Model): IndexedCase {
  const tokens = users.of(owner);
  const history = tokens.subarray(0, place);
  const taken = events === undefined ? history : Int32Array.from(events.standing([...history]), itemOf);
  const target = itemOf(tokens[place]);
  return { history, taken, target, repeat: taken.includes(target) };
}

/** What models are trained on, for the yardsticks: items, and which of them a list should lead to. */
export function trainingLog(dataset: Dataset, users: Tokens, { catalogue, events }: Model): TrainingLog {
  const { starts, trained, time, meaning } = dataset;
  const last = trained.map((count, user) => starts[user] + count - 1);
  const byTime = [...trained.keys()]
    .filter((user) => trained[user] > 0)
    .sort((a, b) => time[last[a]] - time[last[b]]);
  const items = catalogue.size;
  const tokens = byTime.map((user) => users.of(user).subarray(0, trained[user]));
  if (!meaning || events === undefined) return { histories: tokens, items };
  const kept = tokens.map((each) => events.standing([...each]));
  return {
    histories: kept.map((each) => Int32Array.from(each, itemOf)),
    targets: kept.map((each) => Uint8Array.from(each, (token) => (events.isTarget(token) ? 1 : 0))),
    items,
  };
}
