/**
 * A made-up log of any size, the same every time. Each user has one of many tastes and goes through its 100
 * items in a circle as time passes; one event in ten is a random item. So there is something to learn.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DATABASE_FILE, Database, sqlText } from '../../data/database.ts';

export interface LogSize {
  users: number;
  items: number;
  events: number;
}

const CIRCLE = 100;
/** Steps in the circle from the first event to the last. */
const STEPS = 60;
const FIRST = Date.UTC(2024, 0, 1) / 1000;

/** Writes `interactions.csv`, ordered by time, and `items.csv` into the folder. */
export async function writeLargeLog(folder: string, { users, items, events }: LogSize): Promise<void> {
  const tastes = Math.max(1, Math.floor(items / CIRCLE));
  const db = await Database.open(folder);
  try {
    await db.run(`COPY (
      SELECT concat('u', u) AS user_id,
        concat('i', CASE WHEN hash(i, 'noise') % 10 = 0 THEN hash(i, 'any') % ${items}
          ELSE (hash(u, 'taste') % ${tastes}) * ${CIRCLE}
            + (hash(u, 'start') + (i * ${STEPS}) // ${events}) % ${CIRCLE} END) AS item_id,
        ${FIRST} + i AS timestamp
      FROM (SELECT range AS i, hash(range, 'user') % ${users} AS u FROM range(${events}))
    ) TO ${sqlText(join(folder, 'interactions.csv'))} (HEADER)`);
    await db.run(`COPY (
      SELECT concat('i', range) AS id, concat('Thing ', range % ${CIRCLE}, ' of kind ', range // ${CIRCLE}) AS title,
        concat('Kind ', range // ${CIRCLE}) AS categories
      FROM range(${items})
    ) TO ${sqlText(join(folder, 'items.csv'))} (HEADER)`);
  } finally {
    db.close();
    rmSync(join(folder, DATABASE_FILE), { force: true });
  }
}
