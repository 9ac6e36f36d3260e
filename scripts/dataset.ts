/** The common data format as the measuring commands read it, and what is held out of it. Same as `train/data.py`. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse';

export type Split = 'valid' | 'test';

/** One held-out item and all that its user did before it, as ids, oldest first. */
export interface Case {
  user: string;
  history: string[];
  target: string;
}

/** A user's interactions, oldest first. */
export interface UserLog {
  items: string[];
  /** How many of them, from the oldest, are trained on. */
  trained: number;
  /** How many come before the first test item; those in between are validation. */
  known: number;
}

export interface Dataset {
  /** By user, in the order of the file. */
  logs: Map<string, UserLog>;
  protocol: 'leave-one-out' | 'split by time';
}

/**
 * `<folder>/interactions.csv`. A column `split` (train, valid, test) says what is held out; without one, of users of
 * three items or more the last is the test item and the one before it validation.
 */
export async function readDataset(folder: string): Promise<Dataset> {
  const logs = new Map<string, UserLog>();
  let byTime = false;
  const rows = createReadStream(join(folder, 'interactions.csv')).pipe(parse({ columns: true }));
  for await (const row of rows as AsyncIterable<{ user_id: string; item_id: string; split?: string }>) {
    const log = logs.get(row.user_id) ?? { items: [], trained: 0, known: 0 };
    logs.set(row.user_id, log);
    log.items.push(row.item_id);
    if (row.split === undefined) continue;
    byTime = true;
    if (row.split === 'train') log.trained++;
    if (row.split !== 'test') log.known++;
  }
  if (!byTime) {
    for (const log of logs.values()) {
      const { length } = log.items;
      [log.trained, log.known] = length >= 3 ? [length - 2, length - 1] : [length, length];
    }
  }
  return { logs, protocol: byTime ? 'split by time' : 'leave-one-out' };
}

/** All interactions of each user, oldest first. */
export async function readHistories(folder: string): Promise<Map<string, string[]>> {
  const { logs } = await readDataset(folder);
  return new Map([...logs].map(([user, { items }]) => [user, items]));
}

/** One case for each held-out interaction. */
export function heldOut({ logs }: Dataset, split: Split): Case[] {
  return [...logs].flatMap(([user, { items, trained, known }]) => {
    const [start, end] = split === 'valid' ? [trained, known] : [known, items.length];
    return Array.from({ length: end - start }, (_, i) => ({
      user,
      history: items.slice(0, start + i),
      target: items[start + i],
    }));
  });
}

/** What may be known when the split is ranked: the training part, for the test also validation. */
export function before({ logs }: Dataset, split: Split): string[][] {
  return [...logs.values()].map(({ items, trained, known }) =>
    items.slice(0, split === 'valid' ? trained : known),
  );
}
