import { DurableObject } from 'cloudflare:workers';
import type { Appended, Interaction, LogPage, Snapshot } from './log.ts';

/** How long an idempotency key is remembered, as payment APIs do. */
const KEY_MEMORY_MS = 24 * 60 * 60 * 1000;

/**
 * One user's log in SQLite. Storage is written before the caller hears of it (output gate:
 * https://developers.cloudflare.com/durable-objects/reference/in-memory-state/), and one object runs one
 * call at a time, so appends are ordered and none is lost.
 */
export class UserHistory extends DurableObject<Env> {
  private readonly sql = this.ctx.storage.sql;

  append(items: Interaction[], key?: string): Appended {
    return this.ctx.storage.transactionSync(() => {
      this.prepare();
      const now = Date.now();
      this.sql.exec('DELETE FROM append WHERE at < ?', now - KEY_MEMORY_MS);
      const content = JSON.stringify(items);
      if (key !== undefined) {
        const [known] = this.sql.exec('SELECT content, length FROM append WHERE key = ?', key);
        if (known) {
          const outcome = known.content === content ? 'repeated' : 'conflict';
          return { length: Number(known.length), outcome };
        }
      }
      for (const { id, timestamp } of items) {
        this.sql.exec('INSERT INTO interaction (item, timestamp) VALUES (?, ?)', id, timestamp ?? null);
      }
      const { length } = this.length();
      if (key !== undefined) {
        this.sql.exec('INSERT INTO append VALUES (?, ?, ?, ?)', key, content, length, now);
      }
      return { length, outcome: 'added' };
    });
  }

  read(): Snapshot {
    if (!this.exists()) return { epoch: '', items: [] };
    const rows = this.sql.exec('SELECT item FROM interaction ORDER BY position').raw<[string]>();
    return { epoch: this.epoch(), items: [...rows].map(([item]) => item) };
  }

  page(limit: number, before: number | null): LogPage {
    if (!this.exists()) return { items: [], next: null };
    const rows = this.sql
      .exec<{ position: number; item: string; timestamp: number | null }>(
        'SELECT position, item, timestamp FROM interaction WHERE position < ? ORDER BY position DESC LIMIT ?',
        before ?? Number.MAX_SAFE_INTEGER,
        limit + 1,
      )
      .toArray();
    const items = rows.slice(0, limit).map(({ position, item, timestamp }) => {
      return { position, id: item, ...(timestamp !== null && { timestamp }) };
    });
    return { items, next: rows.length > limit ? items[limit - 1].position : null };
  }

  length(): { epoch: string; length: number } {
    if (!this.exists()) return { epoch: '', length: 0 };
    const { length } = this.sql.exec<{ length: number }>('SELECT count(*) AS length FROM interaction').one();
    return { epoch: this.epoch(), length };
  }

  async clear(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }

  /** A user who was only asked about has no tables: reads store nothing. */
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
      CREATE TABLE interaction (position INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL, timestamp REAL);
      CREATE TABLE append (key TEXT PRIMARY KEY, content TEXT NOT NULL, length INTEGER NOT NULL, at INTEGER NOT NULL);
    `);
    this.sql.exec('INSERT INTO log VALUES (?)', crypto.randomUUID());
  }
}
