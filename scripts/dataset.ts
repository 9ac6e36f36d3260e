/** The common data format as the measuring commands read it, and what is held out of it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EventMeaning, isNegative, isTarget, standing } from '../worker/events/event-types.ts';
import type { Event } from '../worker/history/event.ts';
import { Database } from './data/database.ts';
import { LogColumns } from './data/log-columns.ts';
import { logSql } from './data/log-files.ts';

export type Split = 'valid' | 'test';
const SPLITS = ['train', 'valid', 'test'];

/** All events in a few arrays: millions of small ones would fill the memory. */
export interface Dataset {
  /** Ids of users, by number, in the order of the file. */
  users: readonly string[];
  /** Ids of items, by number. */
  items: readonly string[];
  /** User u has the events from `starts[u]` to before `starts[u + 1]`, oldest first. */
  starts: Int32Array;
  /** Item of each event. */
  item: Int32Array;
  /** Of each event, as the file has it; 0 where it has none. */
  time: Float64Array;
  /** Of each event, from 1 in the order of the meaning's; 0 for none. Where the dataset has types. */
  type?: Uint8Array;
  /** Per user, how many events, from the oldest, are trained on. */
  trained: Int32Array;
  /** Per user, how many come before the first test item; those in between are validation. */
  known: Int32Array;
  protocol: 'leave-one-out' | 'split by time';
  /** What its types of events mean, if it has any. */
  meaning?: DatasetMeaning;
}

/** `events.json`. */
export interface DatasetMeaning extends EventMeaning {
  /** What a next event of a type counts in training; 1 for all that are not named. */
  weights: Record<string, number>;
}

/** One held-out event of a user. */
export class Case {
  /** The user's number. */
  readonly owner: number;
  /** How many events of the user come before it. */
  readonly place: number;
  private readonly dataset: Dataset;

  constructor(dataset: Dataset, owner: number, place: number) {
    this.dataset = dataset;
    this.owner = owner;
    this.place = place;
  }

  get user(): string {
    return this.dataset.users[this.owner];
  }

  /** All that the user did before it, oldest first. Made anew per call: a user may have many cases. */
  get history(): string[] {
    return this.events.map(({ item }) => item);
  }

  /** The same with the types of the events. */
  get events(): Event[] {
    return eventsOf(this.dataset, this.owner, this.place);
  }

  get target(): string {
    const { items, item, starts } = this.dataset;
    return items[item[starts[this.owner] + this.place]];
  }

  get time(): number {
    return this.dataset.time[this.dataset.starts[this.owner] + this.place];
  }
}

/**
 * Reads the log of a data folder. A column `split` (train, valid, test) says what is held out. Without one
 * it is leave-one-out: of users with three events or more, the last is the test item and the one before it
 * validation; with types of events (`events.json`) the last two targets are that were not taken back. The
 * training package splits alike; `test/fixtures/splits` holds both to it.
 */
export async function readDataset(folder: string): Promise<Dataset> {
  const meaning = readMeaning(folder);
  const log = new LogColumns(meaning?.types ?? [], SPLITS);
  const db = await Database.inMemory();
  try {
    for await (const rows of db.columns(await logSql(db, folder))) log.add(rows);
  } finally {
    db.close();
  }
  const { users, items, starts, item, time, type, split } = log.sorted();
  const trained = new Int32Array(users.length);
  const known = new Int32Array(users.length);
  const columns = { users, items, starts, item, time, trained, known, ...(meaning && { type, meaning }) };
  if (!split) {
    const dataset: Dataset = { ...columns, protocol: 'leave-one-out' };
    for (const user of users.keys()) [trained[user], known[user]] = lastTwo(dataset, user);
    return dataset;
  }
  for (const user of users.keys()) {
    for (let at = starts[user]; at < starts[user + 1]; at++) {
      if (SPLITS[split[at]] === 'train') trained[user]++;
      if (SPLITS[split[at]] !== 'test') known[user]++;
    }
  }
  return { ...columns, protocol: 'split by time' };
}

/** What the types of events of a data folder mean. */
export function readMeaning(folder: string): DatasetMeaning | undefined {
  const path = join(folder, 'events.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** The same data, fitted to everything before the test items: nothing is held out for validation. */
export const untilTest = (dataset: Dataset): Dataset => ({ ...dataset, trained: dataset.known });

/** How many events a user has. */
export const lengthOf = ({ starts }: Dataset, user: number): number => starts[user + 1] - starts[user];

/** Where the last two targets are, if something comes before them; else the end, twice. */
function lastTwo(dataset: Dataset, user: number): [number, number] {
  const places = targetsOf(dataset, user);
  const [first, second] = places.slice(-2);
  const end = lengthOf(dataset, user);
  return places.length < 2 || first === 0 ? [end, end] : [first, second];
}

/** The places of the events that a list should lead to, ascending: none that was taken back later. */
export function targetsOf(dataset: Dataset, user: number): number[] {
  const { starts, item, type, meaning } = dataset;
  const places = Array.from({ length: lengthOf(dataset, user) }, (_, place) => place);
  if (!meaning || !type) return places;
  const start = starts[user];
  const typeAt = (place: number) => typeName(meaning, type[start + place]);
  return standing(
    places,
    (place) => item[start + place],
    (place) => isNegative(meaning, typeAt(place)),
  ).filter((place) => isTarget(meaning, typeAt(place)));
}

const typeName = ({ types }: EventMeaning, type: number): string | undefined => types[type - 1];

/** So many of a user's oldest events. */
export function eventsOf(dataset: Dataset, user: number, count = lengthOf(dataset, user)): Event[] {
  const { items, item, type, starts, meaning } = dataset;
  return Array.from({ length: count }, (_, place) => {
    const at = starts[user] + place;
    const name = meaning && type && typeName(meaning, type[at]);
    return name ? { item: items[item[at]], type: name } : { item: items[item[at]] };
  });
}

/** One case per held-out event that a list should lead to. */
export function heldOut(dataset: Dataset, split: Split): Case[] {
  const { users, trained, known } = dataset;
  return [...users.keys()].flatMap((user) => {
    const end = lengthOf(dataset, user);
    const [first, last] = split === 'valid' ? [trained[user], known[user]] : [known[user], end];
    if (first === last) return [];
    return targetsOf(dataset, user)
      .filter((place) => place >= first && place < last)
      .map((place) => new Case(dataset, user, place));
  });
}
