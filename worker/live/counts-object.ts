import { DurableObject } from 'cloudflare:workers';
import { COUNTS_KEY, type CountBatch, type CountsSnapshot } from './counts.ts';
import { publish } from './published.ts';

/** Workers KV takes one write per second and key. */
const PUBLISH_AFTER_MS = 5000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Weights halve in this time: items' for what is trending, pairs' until a training takes them over. */
const HALF_LIFE = { item: DAY_MS, pair: 30 * DAY_MS };
/** Lighter counts are forgotten. */
const LEAST_WEIGHT = 0.05;
/** What isolates have to read and keep. */
const MOST_PAIRS = 50_000;
const MOST_ITEMS = 10_000;
const MOST_SUCCESSORS = 32;

type Row = { before: string; after: string; weight: number };

/** Gathers what all isolates count: one object per deployment, decayed, published every few seconds. */
export class LiveCounts extends DurableObject<Env> {
  private readonly sql = this.ctx.storage.sql;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.sql.exec(`
      CREATE TABLE IF NOT EXISTS item (id TEXT PRIMARY KEY, weight REAL NOT NULL, at INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS pair (
        before TEXT NOT NULL, after TEXT NOT NULL, weight REAL NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (before, after)
      ) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS pair_at ON pair (at);
      CREATE TABLE IF NOT EXISTS version (version INTEGER NOT NULL);
    `);
  }

  async add({ items, pairs }: CountBatch): Promise<void> {
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      for (const [id, count] of items) {
        this.sql.exec(
          `INSERT INTO item VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET
           weight = weight * pow(0.5, (?3 - at) / ?4) + ?2, at = ?3`,
          id,
          count,
          now,
          HALF_LIFE.item,
        );
      }
      for (const [before, after, weight] of pairs) {
        this.sql.exec(
          `INSERT INTO pair VALUES (?1, ?2, ?3, ?4) ON CONFLICT (before, after) DO UPDATE SET
           weight = weight * pow(0.5, (?4 - at) / ?5) + ?3, at = ?4`,
          before,
          after,
          weight,
          now,
          HALF_LIFE.pair,
        );
      }
    });
    if ((await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(now + PUBLISH_AFTER_MS);
    }
  }

  /** Publishes what there is, and forgets what is too light. Cloudflare tries again when it throws. */
  override async alarm(): Promise<void> {
    await publish(this.env.LIVE, COUNTS_KEY, this.snapshot());
  }

  private snapshot(): CountsSnapshot {
    const now = Date.now();
    for (const [table, halfLife] of Object.entries(HALF_LIFE)) {
      this.sql.exec(
        `DELETE FROM ${table} WHERE weight * pow(0.5, (? - at) / ?) < ?`,
        now,
        halfLife,
        LEAST_WEIGHT,
      );
    }
    const items = this.sql
      .exec<{ id: string; weight: number }>(
        'SELECT id, weight * pow(0.5, (? - at) / ?) AS weight FROM item ORDER BY weight DESC LIMIT ?',
        now,
        HALF_LIFE.item,
        MOST_ITEMS,
      )
      .toArray();
    const rows = this.sql.exec<Row>(
      `SELECT before, after, weight * pow(0.5, (? - at) / ?) AS weight FROM pair
       ORDER BY weight DESC LIMIT ?`,
      now,
      HALF_LIFE.pair,
      MOST_PAIRS,
    );
    const pairs = new Map<string, [string, number][]>();
    for (const { before, after, weight } of rows) {
      const successors = pairs.get(before) ?? [];
      pairs.set(before, successors);
      if (successors.length < MOST_SUCCESSORS) successors.push([after, rounded(weight)]);
    }
    return {
      version: this.nextVersion(),
      items: items.map(({ id, weight }) => [id, rounded(weight)]),
      pairs: [...pairs],
    };
  }

  private nextVersion(): number {
    const [row] = this.sql.exec<{ version: number }>('SELECT version FROM version');
    const version = (row?.version ?? 0) + 1;
    this.sql.exec('DELETE FROM version');
    this.sql.exec('INSERT INTO version VALUES (?)', version);
    return version;
  }
}

const rounded = (weight: number) => Number(weight.toPrecision(4));
