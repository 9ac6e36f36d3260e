import { DurableObject } from 'cloudflare:workers';
import { publish } from '../live/published.ts';
import type { Rule } from '../rules/rule.ts';
import { type CatalogueChange, differences, MOST_CHANGES } from './changes.ts';
import { changed, type ItemChange, type ItemRecord } from './record.ts';
import { CATALOGUE_KEY, type CatalogueSnapshot } from './snapshot.ts';
import type { Changed, RuleChange } from './truth.ts';

/** Changes within this time are published together; Workers KV takes one write per second and key. */
const PUBLISH_AFTER_MS = 2000;
/** Until the next attempt. Cloudflare's own attempts at a failing alarm end after some minutes. */
const RETRY_MS = 10_000;

type Noted = Omit<CatalogueChange, 'at' | 'version'>;

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
      CREATE TABLE IF NOT EXISTS change (number INTEGER PRIMARY KEY AUTOINCREMENT, change TEXT NOT NULL);
    `);
  }

  async change(known: number, items: ItemChange[], rules: RuleChange[] = []): Promise<Changed> {
    const result = this.ctx.storage.transactionSync(() => {
      const next = this.version() + 1;
      const done = items.map((change) => this.apply(change, next));
      const doneRules = rules.map((change) => this.applyRule(change));
      const noted = [...done, ...doneRules].flatMap(({ change }) => change ?? []);
      if (noted.length > 0) {
        this.setVersion(next);
        this.note(noted.map((change) => ({ ...change, at: Date.now(), version: next })));
      }
      return {
        records: done.map(({ record }) => record),
        rules: doneRules.map(({ change }) => change !== undefined),
        changed: done.filter(({ change }) => change !== undefined).length,
        since: this.since(known),
      };
    });
    // Also for a change that was stored before, when the object ended before it had planned this.
    if (result.since.version > this.version('published')) await this.publishSoon();
    return result;
  }

  all(): CatalogueSnapshot {
    return this.since(0);
  }

  changes(): CatalogueChange[] {
    const rows = this.sql.exec<{ change: string }>('SELECT change FROM change ORDER BY number DESC');
    return [...rows].map(({ change }) => JSON.parse(change) as CatalogueChange);
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

  /** Of a change that changes nothing there is nothing to note. */
  private apply(change: ItemChange, version: number): { record: ItemRecord | null; change?: Noted } {
    const [row] = this.sql.exec<{ record: string }>('SELECT record FROM item WHERE id = ?', change.id);
    const before: ItemRecord | undefined = row && JSON.parse(row.record);
    const record = changed(before, change);
    if (record === null) return { record };
    const text = JSON.stringify(record);
    if (text === row?.record) return { record };
    this.sql.exec(
      `INSERT INTO item (id, record, version) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET record = excluded.record, version = excluded.version`,
      change.id,
      text,
      version,
    );
    return { record, change: { of: 'item', name: change.id, fields: differences(before, record) } };
  }

  private applyRule(change: RuleChange): { change?: Noted } {
    const name = change.kind === 'put' ? change.rule.name : change.name;
    const [row] = this.sql.exec<{ rule: string }>('SELECT rule FROM rule WHERE name = ?', name);
    const before: Rule | undefined = row && JSON.parse(row.rule);
    const after = change.kind === 'put' ? change.rule : undefined;
    if (after) this.sql.exec('INSERT OR REPLACE INTO rule VALUES (?, ?)', name, JSON.stringify(after));
    else if (before) this.sql.exec('DELETE FROM rule WHERE name = ?', name);
    else return {};
    return { change: { of: 'rule', name, fields: differences(before, after) } };
  }

  /** Keeps the newest. */
  private note(changes: CatalogueChange[]): void {
    for (const change of changes.slice(-MOST_CHANGES)) {
      this.sql.exec('INSERT INTO change (change) VALUES (?)', JSON.stringify(change));
    }
    this.sql.exec('DELETE FROM change WHERE number <= (SELECT MAX(number) FROM change) - ?', MOST_CHANGES);
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
