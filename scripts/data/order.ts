/**
 * The order of a dataset's rows: users by first appearance in the source, a user's rows by time.
 *
 * The order of a user's rows with the same time is unknown, yet a file has them in one: many published
 * datasets are sorted by item id or by rating. A model can learn that order and look better than it is. Ties
 * are therefore broken by a seeded hash of (user id, item id), which is the same in every run and depends on
 * neither the file's order nor the order of ids. `keepOrder` is for files that are in the order of events.
 * Events of one item at one time, such as a view and a purchase, stay in the file's order.
 */
import { type Database, sqlText } from './database.ts';
import { fail } from './errors.ts';
import { countOf } from './load.ts';
import { type Loaded, WHOLE } from './log.ts';
import { placeOf } from './place.ts';
import { type Clock, secondsSql, TIMES } from './times.ts';

export interface OrderOptions {
  /** Rows tied in time keep the file's order. */
  keepOrder: boolean;
  /** Keep the first of rows with the same user, item, time and type; otherwise they are an error. */
  dropDuplicates: boolean;
  /** Seeds the order of ties; another text gives another order. */
  tieSeed: string;
}

export interface Order {
  /** Rows that share user and time with another row. */
  tied: number;
  /** Rows left out as duplicates. */
  dropped: number;
}

/**
 * Makes `events` of `raw`: rows in the order to write them, with `time` in seconds since 1970.
 * @throws {DataError} at a time that can't be read, and at a duplicate row unless `dropDuplicates`
 */
export async function orderRows(
  db: Database,
  loaded: Loaded,
  clock: Clock,
  { keepOrder, dropDuplicates, tieSeed }: OrderOptions,
): Promise<Order> {
  // Ids have no control characters, so a newline separates them without ambiguity.
  const hash = `sha1(concat(${sqlText(`${tieSeed}\n`)}, raw."user", chr(10), raw.item))`;
  // Sixteen digits order like the whole hash, and a number sorts faster than a text.
  const tie = keepOrder ? '' : `('0x' || left(${hash}, 16))::UBIGINT,`;
  await db.run(
    `CREATE TABLE events AS
    SELECT users.n AS owner, raw."user", raw.item, ${secondsSql(clock)} AS time, raw.type, raw.split, raw.rowid AS row
    FROM raw JOIN users ON users.id = raw."user" ${WHOLE_ITEM}
    ORDER BY owner, time, ${tie} row`,
    'sort',
  );
  await checkTimes(db, loaded, clock);
  await db.run(`CREATE TABLE tied AS SELECT place, owner, item, time, type, row FROM (
      SELECT *, rowid AS place,
        (lag(owner) OVER () = owner AND lag(time) OVER () = time)
        OR (lead(owner) OVER () = owner AND lead(time) OVER () = time) AS shares
      FROM events
    ) WHERE shares`);
  await db.run(`CREATE TABLE repeated AS SELECT place, row, original FROM (
      SELECT place, row, min(row) OVER same AS original FROM tied
      WINDOW same AS (PARTITION BY owner, time, item, type)
    ) WHERE row <> original`);
  const dropped = await countOf(db, 'repeated');
  if (dropped > 0 && !dropDuplicates) await refuseRepeated(db, loaded);
  const tied = await countOf(
    db,
    `(SELECT count(*) OVER (PARTITION BY owner, time) AS shared FROM tied
      WHERE place NOT IN (SELECT place FROM repeated)) WHERE shared > 1`,
  );
  return { tied, dropped };
}

const WHOLE_ITEM = `WHERE ${WHOLE.replaceAll(/"user"|item/g, (name) => `raw.${name}`)}`;

async function checkTimes(db: Database, { parts, columns, untimed }: Loaded, clock: Clock): Promise<void> {
  if (columns.time === undefined) return;
  const wrong = untimed ? 'AND NOT (number IS NULL AND text IS NULL)' : '';
  const { row } = await db.row<{ row: number | null }>(
    `SELECT min(row)::DOUBLE AS row FROM events JOIN raw ON raw.rowid = events.row WHERE time IS NULL ${wrong}`,
  );
  if (row === null) return;
  const { place, value } = await placeOf(db, parts, row, columns.time);
  const slashes = clock.dates === 'unknown' && /^"\d\d?[/-]\d\d?[/-]\d{4}/.test(value);
  const advice = slashes ? ' (--dates day-first or month-first says what it is)' : '';
  fail(place, columns.time, `expected ${TIMES}, found ${value}${advice}`);
}

async function refuseRepeated(db: Database, { parts, columns }: Loaded): Promise<never> {
  const { row, original } = await db.row<{ row: number; original: number }>(
    'SELECT row::DOUBLE AS row, original::DOUBLE AS original FROM repeated ORDER BY row LIMIT 1',
  );
  const { place } = await placeOf(db, parts, row, columns.user);
  const { place: first } = await placeOf(db, parts, original, columns.user);
  const where = first.file === place.file ? `line ${first.line}` : `${first.file}:${first.line}`;
  const names = [columns.user, columns.item, columns.time, columns.event].filter(Boolean).join(', ');
  fail(place, names, `the same as in ${where} (--drop-duplicates keeps the first)`);
}
