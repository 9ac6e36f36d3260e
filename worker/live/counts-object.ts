import { DurableObject } from 'cloudflare:workers';
import type { CountBatch } from './counts.ts';
import { COUNTS_KEY, type PublishedCounts, tableOf } from './counts-table.ts';
import { publish } from './published.ts';

/** What is counted first after a pause is published soon. */
const PUBLISH_AFTER_MS = 5000;
/** While there is always something to count. Workers KV caches reads for as long: no one sees more. */
const PUBLISH_EVERY_MS = 30_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Weights halve in this time: items' for what is trending, pairs' until a training takes them over. */
const HALF_LIFE = { item: DAY_MS, pair: 30 * DAY_MS };
/** Lighter counts are forgotten. */
const LEAST_WEIGHT = 0.05;
/** What isolates have to read and keep. */
const MOST_PAIRS = 50_000;
const MOST_ITEMS = 10_000;

/**
 * Gathers what all isolates count: one object per deployment, decayed, published every few seconds.
 *
 * Nothing is written to make weights decay (Cormode and others, *Forward decay*, ICDE 2009). A row has
 * `heat`, log2 of its weight plus the time in half-lives, which changes only when something is added. At any
 * later time the weight is 2 to the heat less the time, and the order of the heats is that of the weights.
 */
export class LiveCounts extends DurableObject<Env> {
  private readonly sql = this.ctx.storage.sql;
  private published = 0;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.ctx.storage.transactionSync(() => {
      this.sql.exec(`
        CREATE TABLE IF NOT EXISTS item_heat (id TEXT PRIMARY KEY, heat REAL NOT NULL) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS hot_items ON item_heat (heat);
        CREATE TABLE IF NOT EXISTS pair_heat (
          before TEXT NOT NULL, after TEXT NOT NULL, heat REAL NOT NULL, PRIMARY KEY (before, after)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS hot_pairs ON pair_heat (heat);
        CREATE TABLE IF NOT EXISTS version (version INTEGER NOT NULL);
      `);
      this.takeOver();
    });
  }

  async add({ ids, items, before, after, weights }: CountBatch): Promise<void> {
    const now = Date.now();
    const [itemTime, pairTime] = [now / HALF_LIFE.item, now / HALF_LIFE.pair];
    this.ctx.storage.transactionSync(() => {
      for (const [place, count] of items.entries()) {
        if (count === 0) continue; // it only came before others
        this.sql.exec(
          `INSERT INTO item_heat VALUES (?1, log2(?2) + ?3)
           ON CONFLICT DO UPDATE SET heat = log2(pow(2, heat - ?3) + ?2) + ?3`,
          ids[place],
          count,
          itemTime,
        );
      }
      for (const [pair, weight] of weights.entries()) {
        this.sql.exec(
          `INSERT INTO pair_heat VALUES (?1, ?2, log2(?3) + ?4)
           ON CONFLICT DO UPDATE SET heat = log2(pow(2, heat - ?4) + ?3) + ?4`,
          ids[before[pair]],
          ids[after[pair]],
          weight,
          pairTime,
        );
      }
    });
    if ((await this.ctx.storage.getAlarm()) === null) {
      const soon = Math.max(now + PUBLISH_AFTER_MS, this.published + PUBLISH_EVERY_MS);
      await this.ctx.storage.setAlarm(soon);
    }
  }

  /** Publishes what there is, and forgets what is too light. Cloudflare tries again when it throws. */
  override async alarm(): Promise<void> {
    await publish(this.env.LIVE, COUNTS_KEY, this.table());
    this.published = Date.now();
  }

  private table(): PublishedCounts {
    const version = this.nextVersion();
    const now = Date.now();
    const least = Math.log2(LEAST_WEIGHT);
    const [itemTime, pairTime] = [now / HALF_LIFE.item, now / HALF_LIFE.pair];
    this.sql.exec('DELETE FROM item_heat WHERE heat < ?', itemTime + least);
    this.sql.exec('DELETE FROM pair_heat WHERE heat < ?', pairTime + least);
    const items = this.sql.exec(
      'SELECT id, pow(2, heat - ?) FROM item_heat ORDER BY heat DESC LIMIT ?',
      itemTime,
      MOST_ITEMS,
    );
    const pairs = this.sql.exec(
      'SELECT before, after, pow(2, heat - ?) FROM pair_heat ORDER BY heat DESC LIMIT ?',
      pairTime,
      MOST_PAIRS,
    );
    return tableOf(
      version,
      items.raw<[id: string, weight: number]>(),
      pairs.raw<[before: string, after: string, weight: number]>(),
    );
  }

  /** Older code kept weights and the times at which they were true. */
  private takeOver(): void {
    const old = this.sql.exec("SELECT 1 FROM pragma_table_info('pair') WHERE name = 'at'").toArray();
    if (old.length === 0) return;
    this.sql.exec(
      'INSERT OR IGNORE INTO item_heat SELECT id, log2(weight) + at / ? FROM item',
      HALF_LIFE.item,
    );
    this.sql.exec(
      'INSERT OR IGNORE INTO pair_heat SELECT before, after, log2(weight) + at / ? FROM pair',
      HALF_LIFE.pair,
    );
    this.sql.exec('DROP TABLE item');
    this.sql.exec('DROP TABLE pair');
  }

  private nextVersion(): number {
    const [row] = this.sql.exec<{ version: number }>('SELECT version FROM version');
    const version = (row?.version ?? 0) + 1;
    this.sql.exec('DELETE FROM version');
    this.sql.exec('INSERT INTO version VALUES (?)', version);
    return version;
  }
}
