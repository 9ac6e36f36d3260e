import { DurableObject } from 'cloudflare:workers';
import type { Coverage, OutcomeBatch, OutcomeSums, OutcomeTotals } from './outcomes.ts';
import type { Maker } from './served.ts';

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
      CREATE TABLE IF NOT EXISTS coverage (
        model TEXT NOT NULL, ranker TEXT NOT NULL, variant TEXT NOT NULL, items INTEGER NOT NULL,
        PRIMARY KEY (model, ranker, variant)
      ) WITHOUT ROWID;
      -- For an object of older code.
      INSERT INTO coverage SELECT model, ranker, variant, count(*) FROM shown
        WHERE NOT EXISTS (SELECT 1 FROM coverage) GROUP BY model, ranker, variant;
    `);
  }

  /** The coverage of those that the batch has. */
  add({ sums, shown }: OutcomeBatch): Coverage[] {
    return this.ctx.storage.transactionSync(() => {
      for (const { model, ranker, variant, bucket, judged, hits, reciprocal, clicked, bought } of sums) {
        this.sql.exec(
          `INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET judged = judged + excluded.judged, hits = hits + excluded.hits,
           reciprocal = reciprocal + excluded.reciprocal, clicked = clicked + excluded.clicked,
           bought = bought + excluded.bought`,
          ...[model, ranker, variant, bucket, judged, hits, reciprocal, clicked, bought],
        );
      }
      return shown.map(({ items, ...maker }) => ({ ...maker, items: this.show(maker, items) }));
    });
  }

  /** How many items the maker has shown then. */
  private show({ model, ranker, variant }: Maker, items: readonly string[]): number {
    const first = items.filter(
      (item) =>
        this.sql
          .exec('INSERT OR IGNORE INTO shown VALUES (?, ?, ?, ?) RETURNING 1', model, ranker, variant, item)
          .toArray().length > 0,
    );
    const [row] = this.sql.exec<{ items: number }>(
      `INSERT INTO coverage VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET items = items + excluded.items RETURNING items`,
      ...[model, ranker, variant, first.length],
    );
    return row.items;
  }

  totals(): OutcomeTotals {
    const sums = this.sql.exec('SELECT * FROM outcome').toArray();
    const coverage = this.sql.exec('SELECT * FROM coverage').toArray();
    return {
      sums: sums as unknown as OutcomeSums[],
      coverage: coverage as unknown as Coverage[],
    };
  }

  /** Begins anew, for the next comparison. */
  clear(): void {
    this.sql.exec('DELETE FROM outcome');
    this.sql.exec('DELETE FROM shown');
    this.sql.exec('DELETE FROM coverage');
  }
}
