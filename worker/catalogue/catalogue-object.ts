import { DurableObject } from 'cloudflare:workers';
import { publish } from '../live/published.ts';
import type { Rule } from '../rules/rule.ts';
import { changed, type ItemChange, type ItemRecord } from './record.ts';
import { CATALOGUE_KEY, type CatalogueSnapshot } from './snapshot.ts';
import type { Changed, RuleChange } from './truth.ts';

/** Changes within this time are published together; Workers KV takes one write per second and key. */
const PUBLISH_AFTER_MS = 2000;
/** Until the next attempt. Cloudflare's own attempts at a failing alarm end after some minutes. */
const RETRY_MS = 10_000;

/**
 * The truth of the live catalogue: one object per deployment. A Durable Object rather than D1, because it
 * orders all writers, wakes itself to publish, and needs nothing that a deployment would have to create.
 */
export class LiveCatalogue extends DurableObject<Env> {
  private readonly sql = this.ctx.storage.sql;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.sql.exec(`
      CREATE TABLE IF NOT EXISTS item (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, record TEXT NOT NULL,
        version INTEGER NOT NULL
      );
      CREATE INDEX IF NOT EXISTS item_version ON item (version);
      CREATE TABLE IF NOT EXISTS rule (name TEXT PRIMARY KEY, rule TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS version (version INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS published (version INTEGER NOT NULL);
    `);
  }

  async change(known: number, items: ItemChange[], rules: RuleChange[] = []): Promise<Changed> {
    const result = this.ctx.storage.transactionSync(() => {
      const next = this.version() + 1;
      const done = items.map((change) => this.apply(change, next));
      const doneRules = rules.map((change) => this.applyRule(change));
      const touched = done.filter(({ differs }) => differs).length;
      if (touched + doneRules.filter(Boolean).length > 0) this.setVersion(next);
      const records = done.map(({ record }) => record);
      return { records, rules: doneRules, changed: touched, since: this.since(known) };
    });
    // Also for a change that was stored before, when the object ended before it had planned this.
    if (result.since.version > this.version('published')) await this.publishSoon();
    return result;
  }

  all(): CatalogueSnapshot {
    return this.since(0);
  }

  /** Whether there is anything to publish. */
  async republish(): Promise<boolean> {
    if (this.version() === 0) return false;
    await this.publishSoon();
    return true;
  }

  override async alarm(): Promise<void> {
    const snapshot = this.all();
    try {
      await publish(this.env.LIVE, CATALOGUE_KEY, snapshot);
      this.setVersion(snapshot.version, 'published');
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      console.error(JSON.stringify({ level: 'error', event: 'catalogue_publish_failed', message }));
      await this.ctx.storage.setAlarm(Date.now() + RETRY_MS);
    }
  }

  private async publishSoon(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(Date.now() + PUBLISH_AFTER_MS);
    }
  }

  private apply(change: ItemChange, version: number): { record: ItemRecord | null; differs: boolean } {
    const [row] = this.sql.exec<{ record: string }>('SELECT record FROM item WHERE id = ?', change.id);
    const record = changed(row && JSON.parse(row.record), change);
    if (record === null) return { record, differs: false };
    const text = JSON.stringify(record);
    if (text === row?.record) return { record, differs: false };
    this.sql.exec(
      `INSERT INTO item (id, record, version) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET record = excluded.record, version = excluded.version`,
      change.id,
      text,
      version,
    );
    return { record, differs: true };
  }

  private applyRule(change: RuleChange): boolean {
    if (change.kind === 'put') {
      const { rule } = change;
      this.sql.exec('INSERT OR REPLACE INTO rule VALUES (?, ?)', rule.name, JSON.stringify(rule));
      return true;
    }
    return this.sql.exec('DELETE FROM rule WHERE name = ?', change.name).rowsWritten > 0;
  }

  private since(version: number): CatalogueSnapshot {
    const rows = this.sql.exec<{ record: string }>(
      'SELECT record FROM item WHERE version > ? ORDER BY number',
      version,
    );
    const records = [...rows].map(({ record }) => JSON.parse(record) as ItemRecord);
    const rules = this.sql.exec<{ rule: string }>('SELECT rule FROM rule ORDER BY name').toArray();
    return { version: this.version(), records, rules: rules.map(({ rule }) => JSON.parse(rule) as Rule) };
  }

  private version(table: 'version' | 'published' = 'version'): number {
    const [row] = this.sql.exec<{ version: number }>(`SELECT version FROM ${table}`);
    return row?.version ?? 0;
  }

  private setVersion(version: number, table: 'version' | 'published' = 'version'): void {
    this.sql.exec(`DELETE FROM ${table}`);
    this.sql.exec(`INSERT INTO ${table} VALUES (?)`, version);
  }
}
