/** The tables of one user's log, and how logs of older code become logs of today. */
import { CHAIN_START, chainBase, chained } from './chain.ts';
import type { Event } from './event.ts';
import { digest } from './idempotency.ts';
import type { Head } from './log.ts';
import { type ChainedEvent, eventOf } from './reading.ts';

/** An event as SQLite has it. */
export type Row = {
  position: number;
  item: string;
  timestamp: number | null;
  type: string | null;
  digest: ArrayBuffer | null;
};

/** Reading a user who never was creates no tables. */
export function exists(sql: SqlStorage, table = 'interaction'): boolean {
  return [...sql.exec('SELECT 1 FROM sqlite_master WHERE name = ?', table)].length > 0;
}

/** Names of all tables of a log, but for those of SQLite and of the runtime. */
export function tablesOf(sql: SqlStorage): string[] {
  const rows = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
  return rows.map(({ name }) => name).filter((name) => !/^(sqlite|_cf)_/.test(name));
}

/**
 * An empty log. `stored` is when an event came, in milliseconds since 1970; NULL: before `chain.began`.
 * `chain` says how far the digests go. Older code leaves it as it is when it appends; its events are added to
 * the chain when today's code opens the log again.
 */
export function createTables(sql: SqlStorage): void {
  sql.exec(`
    CREATE TABLE log (epoch TEXT NOT NULL);
    CREATE TABLE interaction (
      position INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL, timestamp REAL, type TEXT, digest BLOB,
      stored INTEGER
    );
    CREATE TABLE append (key TEXT PRIMARY KEY, content TEXT NOT NULL, length INTEGER NOT NULL, at INTEGER NOT NULL);
  `);
  sql.exec('INSERT INTO log VALUES (?)', crypto.randomUUID());
  createServed(sql);
  createChain(sql, 0, 0, CHAIN_START);
}

/** The log's head, unless something has to be done to the log first. Who comes back waits for this. */
function currentHead(sql: SqlStorage): Head | undefined {
  const tables = tablesOf(sql);
  if (!tables.includes('chain') || !tables.includes('served')) return undefined;
  const { newest, position, ...head } = sql
    .exec<HeadRow & { position: number; newest: number | null }>(
      `SELECT epoch, total, dropped, digest, position, (SELECT max(position) FROM interaction) AS newest
       FROM log, chain`,
    )
    .one();
  return (newest ?? 0) <= position ? headOfRow(head) : undefined;
}

/**
 * Brings a log of older code up to date, and returns its head if there is one. Older code can read and
 * continue the result: it knows nothing of the new columns and tables, and only takes idempotency keys for
 * new ones. Events from before there were digests get one together, so this takes no longer for a million of
 * them.
 */
export async function migrate(storage: DurableObjectStorage): Promise<Head | undefined> {
  const { sql } = storage;
  const current = currentHead(sql);
  if (current || !exists(sql)) return current;
  const columns = new Set(
    [...sql.exec("SELECT name FROM pragma_table_info('interaction')")].map(({ name }) => name),
  );
  if (!columns.has('type')) {
    const keys = sql.exec<{ key: string; content: string }>('SELECT key, content FROM append').toArray();
    const digests = await Promise.all(
      keys.map(async ({ key, content }) => [await digest(key), await digest(content), key]),
    );
    storage.transactionSync(() => {
      sql.exec('ALTER TABLE interaction ADD COLUMN type TEXT');
      for (const row of digests) sql.exec('UPDATE append SET key = ?, content = ? WHERE key = ?', ...row);
    });
  }
  storage.transactionSync(() => {
    if (!columns.has('digest')) {
      sql.exec('ALTER TABLE interaction ADD COLUMN digest BLOB');
      sql.exec('ALTER TABLE interaction ADD COLUMN stored INTEGER');
      const { newest, total } = sql
        .exec<{ newest: number; total: number }>(
          'SELECT max(position) AS newest, count(*) AS total FROM interaction',
        )
        .one();
      const base = chainBase(epochOf(sql), total);
      sql.exec('UPDATE interaction SET digest = ? WHERE position = ?', base, newest);
      createChain(sql, newest ?? 0, total, base);
    }
    createServed(sql);
    chainOthers(sql);
  });
  return headOf(sql);
}

/** For the list that the user saw last: none, or one. */
function createServed(sql: SqlStorage): void {
  sql.exec('CREATE TABLE IF NOT EXISTS served (list TEXT NOT NULL, at INTEGER NOT NULL)');
}

/** Of one statement: there may be a hundred bound values. */
const MOST_ROWS = 20;

/**
 * Adds the events to the log and to its chain, as `stored` now unless they say it. Returns the new head, and
 * the events as they are read from now on.
 */
export function appendEvents(
  sql: SqlStorage,
  events: readonly (Event & { stored?: number })[],
  head: Head,
): { head: Head; added: ChainedEvent[] } {
  const now = Date.now();
  const added: ChainedEvent[] = [];
  let { digest } = head;
  for (let from = 0; from < events.length; from += MOST_ROWS) {
    const rows = events.slice(from, from + MOST_ROWS).map((event) => {
      digest = chained(digest!, event);
      added.push({ event: eventOf(event), digest });
      const { item, time = null, type = null, stored = now } = event;
      return [item, time, type, digest, stored];
    });
    const places = rows.map(() => '(?, ?, ?, ?, ?)').join(', ');
    sql.exec(
      `INSERT INTO interaction (item, timestamp, type, digest, stored) VALUES ${places}`,
      ...rows.flat(),
    );
  }
  const total = head.total + events.length;
  saveChain(sql, total, digest!);
  return { head: { ...head, total, digest }, added };
}

/** undefined while there is no log. */
export function headOf(sql: SqlStorage): Head | undefined {
  if (!exists(sql)) return undefined;
  return headOfRow(sql.exec<HeadRow>('SELECT epoch, total, dropped, digest FROM log, chain').one());
}

type HeadRow = Omit<Head, 'digest'> & { digest: ArrayBuffer };

const headOfRow = ({ digest, ...head }: HeadRow): Head => ({ ...head, digest: new Uint8Array(digest) });

/** Events that older code has appended since the chain was last continued. */
function chainOthers(sql: SqlStorage): void {
  const { position } = sql.exec<{ position: number }>('SELECT position FROM chain').one();
  const rows = sql
    .exec<Row>(
      'SELECT position, item, timestamp, type FROM interaction WHERE position > ? ORDER BY position',
      position,
    )
    .toArray();
  if (rows.length === 0) return;
  const { total, digest: start } = headOf(sql)!;
  let digest = start!;
  for (const { position, item, type } of rows) {
    digest = chained(digest, { item, ...(type !== null && { type }) });
    sql.exec(
      'UPDATE interaction SET digest = ?, stored = ? WHERE position = ?',
      ...[digest, Date.now(), position],
    );
  }
  saveChain(sql, total + rows.length, digest);
}

function createChain(sql: SqlStorage, position: number, total: number, digest: Uint8Array): void {
  sql.exec(`
    CREATE TABLE chain (
      position INTEGER NOT NULL, total INTEGER NOT NULL, dropped INTEGER NOT NULL, digest BLOB NOT NULL,
      began INTEGER NOT NULL
    )
  `);
  sql.exec('INSERT INTO chain VALUES (?, ?, 0, ?, ?)', position, total, digest, Date.now());
}

function saveChain(sql: SqlStorage, total: number, digest: Uint8Array): void {
  sql.exec(
    'UPDATE chain SET position = (SELECT max(position) FROM interaction), total = ?, digest = ?',
    total,
    digest,
  );
}

function epochOf(sql: SqlStorage): string {
  return sql.exec<{ epoch: string }>('SELECT epoch FROM log').one().epoch;
}
