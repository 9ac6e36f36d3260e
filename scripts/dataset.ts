/** The common data format as the measuring commands read it, and what is held out of it. */
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse';
import { type EventMeaning, isNegative, isTarget, standing } from '../worker/events/event-types.ts';
import type { Event } from '../worker/history/event.ts';

export type Split = 'valid' | 'test';

/** One held-out event of a user. */
export class Case {
  readonly user: string;
  /** How many events of the user come before it. */
  readonly place: number;
  private readonly log: UserLog;

  constructor(user: string, log: UserLog, place: number) {
    this.user = user;
    this.log = log;
    this.place = place;
  }

  /** All that the user did before it, oldest first. A copy per call: a long history may have many cases. */
  get history(): string[] {
    return this.log.items.slice(0, this.place);
  }

  /** The same with the types of the events. */
  get events(): Event[] {
    return eventsOf(this.log, this.place);
  }

  get target(): string {
    return this.log.items[this.place];
  }
}

/** A user's events, oldest first. */
export interface UserLog {
  items: string[];
  /** Of each event, as the file has it; 0 where it has none. */
  times: number[];
  /** Of each event, where the dataset has types; empty for none. */
  types?: string[];
  /** How many of them, from the oldest, are trained on. */
  trained: number;
  /** How many come before the first test item; those in between are validation. */
  known: number;
}

export interface Dataset {
  /** By user, in the order of the file. */
  logs: Map<string, UserLog>;
  protocol: 'leave-one-out' | 'split by time';
  /** What its types of events mean, if it has any. */
  meaning?: DatasetMeaning;
}

/** `events.json`. */
export interface DatasetMeaning extends EventMeaning {
  /** What a next event of a type counts in training; 1 for all that are not named. */
  weights: Record<string, number>;
}

interface InteractionRow {
  user_id: string;
  item_id: string;
  timestamp?: string;
  type?: string;
  split?: string;
}

/**
 * Reads `<folder>/interactions.csv`. A column `split` (train, valid, test) says what is held out. Without one
 * it is leave-one-out: of users with three events or more, the last is the test item and the one before it
 * validation; with types of events (`events.json`) the last two targets are that were not taken back. The
 * training package splits alike; `test/fixtures/splits` holds both to it.
 */
export async function readDataset(folder: string): Promise<Dataset> {
  const meaning = readMeaning(folder);
  const logs = new Map<string, UserLog>();
  let byTime = false;
  const rows = createReadStream(join(folder, 'interactions.csv')).pipe(parse({ columns: true }));
  for await (const row of rows as AsyncIterable<InteractionRow>) {
    const log: UserLog = logs.get(row.user_id) ?? {
      ...{ items: [], times: [], trained: 0, known: 0 },
      ...(meaning && { types: [] }),
    };
    logs.set(row.user_id, log);
    log.items.push(row.item_id);
    log.times.push(Number(row.timestamp ?? 0));
    log.types?.push(row.type ?? '');
    if (row.split === undefined) continue;
    byTime = true;
    if (row.split === 'train') log.trained++;
    if (row.split !== 'test') log.known++;
  }
  if (!byTime) {
    for (const log of logs.values()) [log.trained, log.known] = lastTwo(log, meaning);
  }
  return { logs, protocol: byTime ? 'split by time' : 'leave-one-out', ...(meaning && { meaning }) };
}

/** What the types of events of a data folder mean. */
export function readMeaning(folder: string): DatasetMeaning | undefined {
  const path = join(folder, 'events.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** Where the last two targets are, if something comes before them; else the end, twice. */
function lastTwo(log: UserLog, meaning: EventMeaning | undefined): [number, number] {
  const places = targetsOf(log, meaning);
  const [first, second] = places.slice(-2);
  return places.length < 2 || first === 0 ? [log.items.length, log.items.length] : [first, second];
}

/** The places of the events that a list should lead to, ascending: none that was taken back later. */
export function targetsOf({ items, types }: UserLog, meaning: EventMeaning | undefined): number[] {
  const places = [...items.keys()];
  if (!meaning || !types) return places;
  const typeAt = (place: number) => types[place] || undefined;
  return standing(
    places,
    (place) => items[place],
    (place) => isNegative(meaning, typeAt(place)),
  ).filter((place) => isTarget(meaning, typeAt(place)));
}

/** So many of a user's oldest events. */
export function eventsOf({ items, types }: UserLog, count: number): Event[] {
  return items.slice(0, count).map((item, place) => {
    const type = types?.[place];
    return type ? { item, type } : { item };
  });
}

/** All events of each user, oldest first. */
export async function readHistories(folder: string): Promise<Map<string, string[]>> {
  const { logs } = await readDataset(folder);
  return new Map([...logs].map(([user, { items }]) => [user, items]));
}

/** One case per held-out event that a list should lead to. */
export function heldOut({ logs, meaning }: Dataset, split: Split): Case[] {
  return [...logs].flatMap(([user, log]) => {
    const [start, end] = split === 'valid' ? [log.trained, log.known] : [log.known, log.items.length];
    return targetsOf(log, meaning)
      .filter((place) => place >= start && place < end)
      .map((place) => new Case(user, log, place));
  });
}
