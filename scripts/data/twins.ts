/** Ids that probably mean one thing: they differ only in case, blanks, or how Unicode composes letters. */
import type { Database } from './database.ts';

export interface Twins {
  users: Twin;
  items: Twin;
}

export interface Twin {
  /** Ids that are like another, without the first of each group. */
  count: number;
  /** Some groups of them. */
  examples: string[][];
}

export async function findTwins(db: Database): Promise<Twins> {
  return { users: await twinsIn(db, 'users'), items: await twinsIn(db, 'item_rows') };
}

const EXAMPLES = 3;

async function twinsIn(db: Database, table: string): Promise<Twin> {
  // Names of one look are few among millions of ids, so only their hashes are grouped.
  const look = "hash(lower(nfc_normalize(regexp_replace(id, '\\s', '', 'g'))))";
  await db.run(`CREATE TEMP TABLE alike AS SELECT look, count(*) AS n FROM (SELECT ${look} AS look FROM ${table})
    GROUP BY look HAVING n > 1`);
  const { count } = await db.row<{ count: number }>(
    'SELECT coalesce(sum(n - 1), 0)::DOUBLE AS count FROM alike',
  );
  const groups =
    count === 0
      ? []
      : await db.rows<{ ids: string[] }>(
          `SELECT list(id ORDER BY id)[:3] AS ids FROM ${table} JOIN alike ON alike.look = ${look}
          GROUP BY alike.look ORDER BY min(${table}.rowid) LIMIT ${EXAMPLES}`,
        );
  await db.run('DROP TABLE alike');
  return { count, examples: groups.map(({ ids }) => ids) };
}
