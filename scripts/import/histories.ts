/** Reads existing histories, with the reader of `npm run data`: a user's interactions, oldest first. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Interaction } from '../../worker/http/schemas/users.ts';
import { type Flags, logColumns, type Role } from '../data/columns.ts';
import { Database } from '../data/database.ts';
import { DataError, fail, quote } from '../data/errors.ts';
import { partsOf } from '../data/files.ts';
import { countOf } from '../data/load.ts';
import { collectIds, type Loaded, loadRaw } from '../data/log.ts';
import { orderRows } from '../data/order.ts';
import { placeOf } from '../data/place.ts';
import { describeTable } from '../data/preview.ts';
import { clockFor, type ReadOptions } from '../data/read.ts';
import { openTable } from '../data/table.ts';

export interface History {
  user: string;
  items: Interaction[];
}

/** Values of the options of a log. */
export type HistoryOptions = Flags<Role> &
  Pick<ReadOptions, 'timeUnit' | 'dates' | 'encoding' | 'dropDuplicates' | 'dropIncomplete'>;

/**
 * Runs `use` with the histories of a file, or of a folder of parts; users in order of appearance. A user's
 * interactions are in order of time, ties and interactions without times in the file's order.
 * @param print takes lines that say what is read
 * @throws {DataError} at the first row that can't be sent
 */
export async function withHistories<T>(
  path: string,
  options: HistoryOptions,
  print: (line: string) => void,
  use: (histories: Histories) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'earn-edge-import-'));
  try {
    const db = await Database.open(folder);
    try {
      return await use(await read(db, path, { ...options, folder }, print));
    } finally {
      db.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function read(
  db: Database,
  path: string,
  options: HistoryOptions & { folder: string },
  print: (line: string) => void,
): Promise<Histories> {
  const { encoding, folder, dropIncomplete, dropDuplicates, user, item, time, event } = options;
  const sources = await openTable(db, partsOf(path), { encoding });
  const [{ columns: all, file }] = sources;
  const columns = logColumns(all, { user, item, time, event }, file.shown, true);
  for await (const line of describeTable(db, sources, { ...columns, split: undefined }, [])) print(line);
  const loading = { columns, attributes: {}, folder, dropIncomplete, untimed: true };
  const loaded = await loadRaw(db, sources, loading);
  if (loaded.rows === 0) throw new DataError(`${path}: no interactions`);
  await collectIds(db, loaded, { dropIncomplete, forUrls: true });
  const clock = await clockFor(db, loaded, options);
  const order = { keepOrder: true, dropDuplicates, tieSeed: '' };
  const { dropped } = await orderRows(db, loaded, clock, order);
  await refuseHalfTimed(db, loaded);
  const [users, rows] = [await countOf(db, 'users'), await countOf(db, 'events')];
  const { user: noUser, item: noItem } = loaded.incomplete;
  return new StoredHistories(db, {
    users,
    interactions: rows - dropped,
    dropped,
    incomplete: noUser + noItem,
  });
}

/** A user's rows with a time and rows without one can't be put in an order. */
async function refuseHalfTimed(db: Database, { parts, columns }: Loaded): Promise<void> {
  const [half] = await db.rows<{ user: string; row: number }>(
    `SELECT any_value("user") AS user, min(row) FILTER (time IS NULL)::DOUBLE AS row FROM events
    GROUP BY owner HAVING count(time) > 0 AND count(time) < count(*) ORDER BY row LIMIT 1`,
  );
  if (half === undefined) return;
  const column = columns.time ?? 'timestamp';
  const { place } = await placeOf(db, parts, half.row, column);
  fail(place, column, `user ${quote(half.user)} has rows with a time and rows without one`);
}

interface Counts {
  users: number;
  interactions: number;
  /** Rows left out as duplicates. */
  dropped: number;
  /** Rows left out because they lack a user or an item. */
  incomplete: number;
}

/** Histories that are made one after another, so that millions of them need little memory. */
export interface Histories extends Counts {
  [Symbol.asyncIterator](): AsyncGenerator<History>;
}

/** Histories in a database. */
class StoredHistories implements Histories {
  readonly users: number;
  readonly interactions: number;
  readonly dropped: number;
  readonly incomplete: number;
  readonly #db: Database;

  constructor(db: Database, { users, interactions, dropped, incomplete }: Counts) {
    this.#db = db;
    this.users = users;
    this.interactions = interactions;
    this.dropped = dropped;
    this.incomplete = incomplete;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<History> {
    const kept = this.dropped > 0 ? 'WHERE rowid NOT IN (SELECT place FROM repeated)' : '';
    const sql = `SELECT "user", item, time::DOUBLE, type FROM events ${kept} ORDER BY rowid`;
    let history: History | undefined;
    for await (const [user, item, time, type] of this.#db.stream(sql)) {
      if (history?.user !== user) {
        if (history) yield history;
        history = { user: user as string, items: [] };
      }
      history.items.push({
        id: item as string,
        ...(time !== null && { timestamp: time as number }),
        ...(type !== null && { type: type as string }),
      });
    }
    if (history) yield history;
  }
}
