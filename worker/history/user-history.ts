import { DurableObject } from 'cloudflare:workers';
import type { Event } from './event.ts';
import { digest, type Once } from './idempotency.ts';
import type { Appended, LogPage } from './log.ts';

/** How long an idempotency key is remembered; payment APIs do the same. */
const KEY_MEMORY_MS = 24 * 60 * 60 * 1000;

/** An event as SQLite has it. */
type Row = { position: number; item: string; timestamp: number | null; type: string | null };

/**
 * One user's log in SQLite. Writes are durable before the caller gets its answer (output gate:
 * https://developers.cloudflare.com/durable-objects/reference/in-memory-state/), and an object runs one call
 * at a time, so appends are ordered and none is lost.
 */
export class UserHistory extends DurableObject<Env> {
  private readonly sql = this.ctx.storage.sql;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    state.blockConcurrencyWhile(() => this.migrate());
  }

  append(events: Event[], once?: Once): Appended {
    return this.ctx.storage.transactionSync(() => {
      const now = Date.now();
      if (once && this.isErased(once.key)) return { length: 0, outcome: 'erased' };
      this.prepare();
      this.sql.exec('DELETE FROM append WHERE at < ?', now - KEY_MEMORY_MS);
      if (once) {
        const [known] = this.sql.exec('SELECT content, length FROM append WHERE key = ?', once.key);
        if (known) {
          const outcome = known.content === once.content ? 'repeated' : 'conflict';
          return { length: Number(known.length), outcome };
        }
      }
      for (const { item, time = null, type = null } of events) {
        this.sql.exec('INSERT INTO interaction (item, timestamp, type) VALUES (?, ?, ?)', item, time, type);
      }
      const { length } = this.length();
      if (once) {
        this.sql.exec('INSERT INTO append VALUES (?, ?, ?, ?)', once.key, once.content, length, now);
      }
      return { length, outcome: 'added' };
    });
  }

  /**
   * What models read of each event, oldest first: the items, as one list of strings, which costs RPC the
   * least.
   */
  read(): { epoch: string; items: string[] } {
    if (!this.exists()) return { epoch: '', items: [] };
    const rows = this.sql.exec('SELECT item FROM interaction ORDER BY position').raw<[string]>();
    return { epoch: this.epoch(), items: [...rows].map(([item]) => item) };
  }

  page(limit: number, before: number | null): LogPage {
    if (!this.exists()) return { events: [], next: null };
    const rows = this.sql
      .exec<Row>(
        'SELECT position, item, timestamp, type FROM interaction WHERE position < ? ORDER BY position DESC LIMIT ?',
        before ?? Number.MAX_SAFE_INTEGER,
        limit + 1,
      )
      .toArray();
    const events = rows.slice(0, limit).map(({ position, item, timestamp, type }) => ({
      position,
      item,
      ...(timestamp !== null && { time: timestamp }),
      ...(type !== null && { type }),
    }));
    return { events, next: rows.length > limit ? events[limit - 1].position : null };
  }

  length(): { epoch: string; length: number } {
    if (!this.exists()) return { epoch: '', length: 0 };
    const { length } = this.sql.exec<{ length: number }>('SELECT count(*) AS length FROM interaction').one();
    return { epoch: this.epoch(), length };
  }

  /**
   * Deletes everything but the digests of recent idempotency keys, which go a day later: a late retry of an
   * old request must not bring the user back.
   */
  async clear(): Promise<void> {
    const keys = [...this.recentKeys()];
    await this.ctx.storage.deleteAll();
    if (keys.length === 0) return;
    this.sql.exec('CREATE TABLE erased (key TEXT PRIMARY KEY, at INTEGER NOT NULL)');
    for (const [key, at] of keys) this.sql.exec('INSERT INTO erased VALUES (?, ?)', key, at);
    await this.ctx.storage.setAlarm(Date.now() + KEY_MEMORY_MS);
  }

  /** Forgets the keys of a deleted user, and with them the last trace unless the user has come back. */
  override async alarm(): Promise<void> {
    if (this.exists()) this.sql.exec('DROP TABLE IF EXISTS erased');
    else await this.ctx.storage.deleteAll();
  }

  /** Keys that a late retry may still carry, with the time of their use. */
  private *recentKeys(): Generator<[key: string, at: number]> {
    for (const table of ['append', 'erased']) {
      if (!this.exists(table)) continue;
      const rows = this.sql.exec<{ key: string; at: number }>(
        `SELECT key, at FROM ${table} WHERE at >= ?`,
        Date.now() - KEY_MEMORY_MS,
      );
      for (const { key, at } of rows) yield [key, at];
    }
  }

  private isErased(key: string): boolean {
    if (!this.exists('erased')) return false;
    const since = Date.now() - KEY_MEMORY_MS;
    return [...this.sql.exec('SELECT 1 FROM erased WHERE key = ? AND at >= ?', key, since)].length > 0;
  }

  /** Reading a user who never was creates no tables. */
  private exists(table = 'interaction'): boolean {
    return [...this.sql.exec('SELECT 1 FROM sqlite_master WHERE name = ?', table)].length > 0;
  }

  private epoch(): string {
    return this.sql.exec<{ epoch: string }>('SELECT epoch FROM log').one().epoch;
  }

  private prepare(): void {
    if (this.exists()) return;
    this.sql.exec(`
      CREATE TABLE log (epoch TEXT NOT NULL);
      CREATE TABLE interaction (
        position INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL, timestamp REAL, type TEXT
      );
      CREATE TABLE append (key TEXT PRIMARY KEY, content TEXT NOT NULL, length INTEGER NOT NULL, at INTEGER NOT NULL);
    `);
    this.sql.exec('INSERT INTO log VALUES (?)', crypto.randomUUID());
  }

  /**
   * Brings logs of older code up to date: events get types, and idempotency keys become digests. Older code
   * can still read the result; it only takes keys for new ones.
   */
  private async migrate(): Promise<void> {
    if (!this.exists()) return;
    const typed = [...this.sql.exec("SELECT 1 FROM pragma_table_info('interaction') WHERE name = 'type'")];
    if (typed.length > 0) return;
    const keys = this.sql.exec<{ key: string; content: string }>('SELECT key, content FROM append').toArray();
    const digests = await Promise.all(
      keys.map(async ({ key, content }) => [await digest(key), await digest(content), key]),
    );
    this.ctx.storage.transactionSync(() => {
      this.sql.exec('ALTER TABLE interaction ADD COLUMN type TEXT');
      for (const row of digests)
        this.sql.exec('UPDATE append SET key = ?, content = ? WHERE key = ?', ...row);
    });
  }
}
