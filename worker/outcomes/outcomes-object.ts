import { DurableObject } from 'cloudflare:workers';
import type { OutcomeBatch, OutcomeSums, OutcomeTotals } from './outcomes.ts';

/** Adds up what all isolates saw become of their lists: one object per deployment. */
export class Outcomes extends DurableObject<Env> {
  private readonly sql = this.ctx.storage.sql;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.sql.exec(`
      CREATE TABLE IF NOT EXISTS outcome (
        model TEXT NOT NULL, ranker TEXT NOT NULL, variant TEXT NOT NULL, bucket INTEGER NOT NULL,
        judged INTEGER NOT NULL, hits INTEGER NOT NULL, reciprocal REAL NOT NULL, clicked INTEGER NOT NULL,
        bought INTEGER NOT NULL, PRIMARY KEY (model, ranker, variant, bucket)
      ) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS shown (
        model TEXT NOT NULL, ranker TEXT NOT NULL, variant TEXT NOT NULL, item TEXT NOT NULL,
        PRIMARY KEY (model, ranker, variant, item)
      ) WITHOUT ROWID;
    `);
  }

  add({ sums, shown }: OutcomeBatch): void {
    this.ctx.storage.transactionSync(() => {
      for (const { model, ranker, variant, bucket, judged, hits, reciprocal, clicked, bought } of sums) {
        this.sql.exec(
          `INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET judged = judged + excluded.judged, hits = hits + excluded.hits,
           reciprocal = reciprocal + excluded.reciprocal, clicked = clicked + excluded.clicked,
           bought = bought + excluded.bought`,
          ...[model, ranker, variant, bucket, judged, hits, reciprocal, clicked, bought],
        );
      }
      for (const { model, ranker, variant, items } of shown) {
        for (const item of items) {
          this.sql.exec('INSERT OR IGNORE INTO shown VALUES (?, ?, ?, ?)', model, ranker, variant, item);
        }
      }
    });
  }

  totals(): OutcomeTotals {
    const sums = this.sql.exec('SELECT * FROM outcome').toArray();
    const coverage = this.sql
      .exec('SELECT model, ranker, variant, count(*) AS items FROM shown GROUP BY model, ranker, variant')
      .toArray();
    return {
      sums: sums as unknown as OutcomeSums[],
      coverage: coverage as unknown as OutcomeTotals['coverage'],
    };
  }

  /** Begins anew, for the next comparison. */
  clear(): void {
    this.sql.exec('DELETE FROM outcome');
    this.sql.exec('DELETE FROM shown');
  }
}
