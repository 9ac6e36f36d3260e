/** Reads existing histories: one list of interactions per user, oldest first. */
import type { Interaction } from '../../worker/http/schemas/users.ts';
import { Catalogue } from '../data/catalogue.ts';
import { DataError, fail, type Place, quote } from '../data/errors.ts';
import { parseTimestamp } from '../data/fields.ts';
import { Interactions } from '../data/interactions.ts';
import { orderRows } from '../data/order.ts';
import { columnOf, isJsonLines, jsonLines, tableRows } from '../data/rows.ts';
import { fileSource, type Source } from '../data/source.ts';

export interface History {
  user: string;
  items: Interaction[];
}

/**
 * The histories of a file; users in order of appearance. A user's interactions are in order of time, ties and
 * interactions without timestamps in the file's order.
 * @param dropDuplicates of rows with the same user, item and time the first is kept; otherwise they are an
 * error
 * @throws {DataError} at the first row that can't be sent
 */
export async function readHistories(file: string, dropDuplicates: boolean): Promise<Histories> {
  const source = fileSource(file);
  const log = new Interactions(new Catalogue(), file, true);
  await (isJsonLines(file) ? readJsonLines(source, log) : readTable(source, log));
  if (log.count === 0) throw new DataError(`${file}: no interactions`);
  const timed = timedUsers(log);
  const { rows, dropped } = orderRows(log, { keepOrder: true, dropDuplicates });
  return new Histories(log, rows, timed, dropped);
}

/** Holds millions of interactions as columns of numbers; a user's list is made on demand. */
export class Histories {
  readonly #log: Interactions;
  readonly #rows: Uint32Array;
  readonly #timed: boolean[];
  /** Rows left out as duplicates. */
  readonly dropped: number;

  /** @param rows of `log` as they are sent: grouped by user, users in their order */
  constructor(log: Interactions, rows: Uint32Array, timed: boolean[], dropped: number) {
    this.#log = log;
    this.#rows = rows;
    this.#timed = timed;
    this.dropped = dropped;
  }

  get users(): number {
    return this.#log.users.length;
  }

  get interactions(): number {
    return this.#rows.length;
  }

  *[Symbol.iterator](): Generator<History> {
    const { users, user } = this.#log;
    let start = 0;
    for (let index = 0; index < users.length; index++) {
      let end = start;
      while (end < this.#rows.length && user[this.#rows[end]] === index) end++;
      const rows = this.#rows.subarray(start, end);
      yield { user: users[index], items: Array.from(rows, (row) => this.#interaction(row)) };
      start = end;
    }
  }

  #interaction(row: number): Interaction {
    const { catalogue, item, user, time } = this.#log;
    const { id } = catalogue.items[item[row]];
    return this.#timed[user[row]] ? { id, timestamp: time[row] } : { id };
  }
}

/** The time of a row without one, until it gets its place in the file as time. */
const UNTIMED = Number.NaN;

async function readTable(source: Source, log: Interactions): Promise<void> {
  let columns: { user: number; item: number; time: number } | undefined;
  for await (const { line, header, fields } of tableRows(source)) {
    const place = { file: source.file, line };
    columns ??= {
      user: columnOf(header, 'user_id', source.file),
      item: columnOf(header, 'item_id', source.file),
      time: header.indexOf('timestamp'),
    };
    const time = columns.time < 0 ? UNTIMED : parseTimestamp(fields[columns.time], place, 'timestamp');
    add(log, fields[columns.user], fields[columns.item], time, place);
  }
}

/**
 * `{"user_id","item_id","timestamp"}` or `{"user_id","items":[{"id","timestamp"}]}` per line; other fields
 * are ignored.
 */
async function readJsonLines(source: Source, log: Interactions): Promise<void> {
  for await (const { place, object } of jsonLines(source)) {
    const user = text(object.user_id, place, 'user_id');
    if (object.items === undefined) {
      const time = timeOf(object.timestamp, place, 'timestamp');
      add(log, user, text(object.item_id, place, 'item_id'), time, place);
      continue;
    }
    if (!Array.isArray(object.items)) fail(place, 'items', 'expected an array');
    for (const [index, item] of object.items.entries()) {
      const { id, timestamp } = item ?? {};
      const time = timeOf(timestamp, place, `items[${index}].timestamp`);
      add(log, user, text(id, place, `items[${index}].id`), time, place);
    }
  }
}

function add(log: Interactions, user: string, item: string, time: number, place: Place): void {
  if (user === '.' || user === '..') {
    fail(place, 'user_id', `${quote(user)} can't be part of a URL's path, where it is a step`);
  }
  log.add(user, item, time, place);
}

function text(value: unknown, place: Place, field: string): string {
  if (typeof value === 'string') return value;
  fail(place, field, `expected text, found ${value === undefined ? 'nothing' : JSON.stringify(value)}`);
}

function timeOf(value: unknown, place: Place, field: string): number {
  if (value === undefined || value === null) return UNTIMED;
  if (typeof value === 'number' || typeof value === 'string') return parseTimestamp(`${value}`, place, field);
  fail(place, field, `expected a number or an ISO-8601 date, found ${typeof value}`);
}

/**
 * Says which users have timestamps. Rows without one get their place in the file as time.
 * @throws {DataError} when a user has rows of both kinds, which can't be ordered
 */
function timedUsers(log: Interactions): boolean[] {
  const timed: boolean[] = [];
  for (let row = 0; row < log.count; row++) {
    const has = !Number.isNaN(log.time[row]);
    const user = log.user[row];
    timed[user] ??= has;
    if (timed[user] !== has) {
      const reason = `user ${quote(log.users[user])} has rows with a timestamp and rows without one`;
      fail({ file: log.file, line: log.line[row] }, 'timestamp', reason);
    }
    if (!has) log.time[row] = row;
  }
  return timed;
}
