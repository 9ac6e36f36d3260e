/** The common data format as the measuring commands read it, and what is held out of it. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse';

export type Split = 'valid' | 'test';

/** One held-out event of a user. */
export class Case {
  readonly user: string;
  /** How many events of the user come before it. */
  readonly place: number;
  private readonly items: readonly string[];

  constructor(user: string, items: readonly string[], place: number) {
    this.user = user;
    this.items = items;
    this.place = place;
  }

  /** All that the user did before it, oldest first. A copy per call: a long history may have many cases. */
  get history(): string[] {
    return this.items.slice(0, this.place);
  }

  get target(): string {
    return this.items[this.place];
  }
}

/** A user's events, oldest first. */
export interface UserLog {
  items: string[];
  /** Of each event, as the file has it; 0 where it has none. */
  times: number[];
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

interface InteractionRow {
  user_id: string;
  item_id: string;
  timestamp?: string;
  split?: string;
}

/**
 * Reads `<folder>/interactions.csv`. A column `split` (train, valid, test) says what is held out. Without one
 * it is leave-one-out: of users with three events or more, the last is the test item and the one before it
 * validation. The training package splits alike; `test/fixtures/splits` holds both to it.
 */
export async function readDataset(folder: string): Promise<Dataset> {
  const logs = new Map<string, UserLog>();
  let byTime = false;
  const rows = createReadStream(join(folder, 'interactions.csv')).pipe(parse({ columns: true }));
  for await (const row of rows as AsyncIterable<InteractionRow>) {
    const log = logs.get(row.user_id) ?? { items: [], times: [], trained: 0, known: 0 };
    logs.set(row.user_id, log);
    log.items.push(row.item_id);
    log.times.push(Number(row.timestamp ?? 0));
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

/** All events of each user, oldest first. */
export async function readHistories(folder: string): Promise<Map<string, string[]>> {
  const { logs } = await readDataset(folder);
  return new Map([...logs].map(([user, { items }]) => [user, items]));
}

/** One case per held-out event. */
export function heldOut({ logs }: Dataset, split: Split): Case[] {
  return [...logs].flatMap(([user, { items, trained, known }]) => {
    const [start, end] = split === 'valid' ? [trained, known] : [known, items.length];
    return Array.from({ length: end - start }, (_, i) => new Case(user, items, start + i));
  });
}
