/** Whose histories are answered. */
import type { ModelConfig } from '../../worker/engine/config.ts';
import { eventsOf, readDataset } from '../dataset.ts';
import { randomInts, seededRandom, shuffled } from '../random.ts';
import type { Users } from './scenario.ts';

/** Users whose answers make one sample. */
const USERS = 4;
const SEED = 1;

/**
 * The users of the data in `folder`, in a fixed order, by the model's item `ids`; without one drawn from the
 * catalogue.
 */
export async function readUsers(
  { contextWindow, items }: ModelConfig,
  ids: string[],
  folder: string | undefined,
): Promise<Users> {
  const random = seededRandom(SEED);
  if (folder === undefined) {
    return Array.from({ length: USERS }, () => randomInts(random, contextWindow, items));
  }
  const indices = new Map(ids.map((id, index) => [id, index]));
  const dataset = await readDataset(folder);
  const known = dataset.users.map((_, user) =>
    eventsOf(dataset, user).flatMap(({ item }) => indices.get(item) ?? []),
  );
  return shuffled(known, random);
}

/** The newest items of the first users who have enough of them. */
export function usersWith(history: number, all: Users): Users {
  const chosen = all.filter((items) => items.length >= history).slice(0, USERS);
  if (chosen.length === 0) throw new Error(`no user has ${history} items`);
  return chosen.map((items) => items.slice(-history));
}
