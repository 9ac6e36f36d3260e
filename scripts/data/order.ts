/**
 * The order of a dataset's rows: users by first appearance in the source, a user's rows by time.
 *
 * The order of a user's rows with the same time is unknown, yet a file has them in one: many published
 * datasets are sorted by item id or by rating. A model can learn that order and look better than it is. Ties
 * are therefore broken by a seeded hash of (user id, item id), which is the same in every run and depends on
 * neither the file's order nor the order of ids. `keepOrder` is for files that are in the order of events.
 */
import { hash } from 'node:crypto';
import { fail } from './errors.ts';
import type { Interactions } from './interactions.ts';

const SEED = 'earn-edge';

export interface OrderOptions {
  /** Rows tied in time keep the file's order. */
  keepOrder: boolean;
  /** Keep the first of rows with the same user, item and time; otherwise they are an error. */
  dropDuplicates: boolean;
}

export interface Order {
  /** Row numbers in the order to write them. */
  rows: Uint32Array;
  /** Rows that share user and time with another row. */
  tied: number;
  /** Rows left out as duplicates. */
  dropped: number;
}

/** @throws {DataError} at a duplicate row, unless `dropDuplicates` */
export function orderRows(log: Interactions, options: OrderOptions): Order {
  const { rows, ends } = groupByUser(log);
  const { time } = log;
  let tied = 0;
  let written = 0;
  let start = 0;
  for (const end of ends) {
    const own = rows.slice(start, end).sort((a, b) => time[a] - time[b] || a - b);
    for (let from = 0, to = 0; from < own.length; from = to) {
      while (to < own.length && time[own[to]] === time[own[from]]) to++;
      const tie = to - from === 1 ? own.subarray(from, to) : orderTie(log, own.subarray(from, to), options);
      if (tie.length > 1) tied += tie.length;
      rows.set(tie, written);
      written += tie.length;
    }
    start = end;
  }
  return { rows: rows.subarray(0, written), tied, dropped: log.count - written };
}

/** A counting sort: `rows` grouped by user, in file order within a user; user u's group ends at `ends[u]`. */
function groupByUser({ user, users, count }: Interactions) {
  const ends = new Uint32Array(users.length);
  for (let row = 0; row < count; row++) ends[user[row]]++;
  for (let u = 1; u < ends.length; u++) ends[u] += ends[u - 1];
  const next = ends.slice();
  const rows = new Uint32Array(count);
  for (let row = count - 1; row >= 0; row--) rows[--next[user[row]]] = row;
  return { rows, ends };
}

/** Rows of one user at one time, given in file order: without duplicates and in their final order. */
function orderTie(
  log: Interactions,
  tie: Uint32Array,
  { keepOrder, dropDuplicates }: OrderOptions,
): Uint32Array {
  const distinct = new Map<number, number>();
  for (const row of tie) {
    const first = distinct.get(log.item[row]);
    if (first === undefined) distinct.set(log.item[row], row);
    else if (!dropDuplicates) failDuplicate(log, row, first);
  }
  const rows = Uint32Array.from(distinct.values());
  if (keepOrder) return rows;
  const keys = new Map(Array.from(rows, (row) => [row, tieKey(log, row)]));
  return rows.sort((a, b) => ((keys.get(a) as string) < (keys.get(b) as string) ? -1 : 1));
}

/** Ids have no control characters, so a newline separates them without ambiguity. */
function tieKey({ users, user, catalogue, item }: Interactions, row: number): string {
  return hash('sha1', `${SEED}\n${users[user[row]]}\n${catalogue.items[item[row]].id}`);
}

function failDuplicate({ file, line }: Interactions, row: number, first: number): never {
  const reason = `the same as in line ${line[first]} (--drop-duplicates keeps the first)`;
  fail({ file, line: line[row] }, 'user_id, item_id, timestamp', reason);
}
