import { DurableObject } from 'cloudflare:workers';
import type { Event } from './event.ts';
import { type Appended, contentOf, type LogPage } from './log.ts';

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
    this.migrate();
  }

  append(events: Event[], key?: string): Appended {
    return this.ctx.storage.transactionSync(() => {
      this.prepare();
      const now = Date.now();
      this.sql.exec('DELETE FROM append WHERE at < ?', now - KEY_MEMORY_MS);
      const content = contentOf(events);
      if (key !== undefined) {
        const [known] = this.sql.exec('SELECT content, length FROM append WHERE key = ?', key);
        if (known) {
          const outcome = known.content === content ? 'repeated' : 'conflict';
          return { length: Number(known.length), outcome };
        }
      }
      for (const { item, time = null, type = null } of events) {
        this.sql.exec('INSERT INTO interaction (item, timestamp, type) VALUES (?, ?, ?)', item, time, type);
      }
      const { length } = this.length();
      if (key !== undefined) {
        this.sql.exec('INSERT INTO append VALUES (?, ?, ?, ?)', key, content, length, now);
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

  async clear(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }

  /** Reading a user who never was creates no tables. */
  private exists(): boolean {
    return [...this.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'interaction'")].length > 0;
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

  /** Logs from before events had types get the column. Code from before ignores it. */
  private migrate(): void {
    if (!this.exists()) return;
    const typed = [...this.sql.exec("SELECT 1 FROM pragma_table_info('interaction') WHERE name = 'type'")];
    if (typed.length === 0) this.sql.exec('ALTER TABLE interaction ADD COLUMN type TEXT');
  }
}
