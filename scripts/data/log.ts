/**
 * The interactions of a table as DuckDB's tables, one row per event:
 *
 * - `raw`: as the source has them; `rowid` is a row's place in it
 * - `users`, `taken`, `types`: the ids of users, of items that interactions name, and of types of events,
 *   each with the place of its first row
 */
import type { LogColumns } from './columns.ts';
import type { Database } from './database.ts';
import { fail, quote } from './errors.ts';
import { expectedId, isId, LONGEST_ID, LONGEST_TYPE } from './ids.ts';
import { countOf, loadParts } from './load.ts';
import { type Part, placeOf } from './place.ts';
import type { Source } from './table.ts';
import { numberSql, SECONDS } from './times.ts';

export interface LoadOptions {
  columns: LogColumns;
  /** Further columns to keep, by the name that they get in `raw`. */
  attributes: Record<string, string>;
  /** Where files may be copied to. */
  folder: string;
  /** Rows without user, item or time are left out and counted; otherwise they are errors. */
  dropIncomplete: boolean;
  untimed: boolean;
}

export interface Loaded {
  parts: Part[];
  columns: LogColumns;
  /** Whether a row without a time is fine. */
  untimed: boolean;
  rows: number;
  /** Rows left out, by what they lack. */
  incomplete: { user: number; item: number; time: number };
}

/** Reads all rows into `raw`. @throws {DataError} at a row that is no row of the table */
export async function loadRaw(db: Database, sources: Source[], options: LoadOptions): Promise<Loaded> {
  const extra = Object.keys(options.attributes).map((name) => `, ${name} VARCHAR`);
  await db.run(`CREATE TABLE raw ("user" VARCHAR, item VARCHAR, number ${SECONDS}, text VARCHAR,
    type VARCHAR, split VARCHAR${extra.join('')})`);
  const parts = await loadParts(db, 'raw', sources, options.folder, (source) => valuesSql(source, options));
  const incomplete = await countIncomplete(db, options);
  const rows = await countOf(db, 'raw');
  return { parts, columns: options.columns, untimed: options.untimed, rows, incomplete };
}

/** What each row may lack, in an order in which none counts twice. */
const LACKS = {
  user: '"user" IS NULL',
  item: '"user" IS NOT NULL AND item IS NULL',
  time: '"user" IS NOT NULL AND item IS NOT NULL AND number IS NULL AND text IS NULL',
};
/** SQL for a row of `raw` that has what it needs, where `--drop-incomplete` leaves out the others. */
export const WHOLE = '"user" IS NOT NULL AND item IS NOT NULL';

async function countIncomplete(db: Database, { dropIncomplete, untimed }: LoadOptions) {
  if (!dropIncomplete) return { user: 0, item: 0, time: 0 };
  const [user, item] = [
    await countOf(db, `raw WHERE ${LACKS.user}`),
    await countOf(db, `raw WHERE ${LACKS.item}`),
  ];
  const time = untimed ? 0 : await countOf(db, `raw WHERE ${LACKS.time}`);
  // Their places stay, so that `rowid` still is the place in the source.
  if (time > 0) await db.run(`UPDATE raw SET item = NULL WHERE ${LACKS.time}`);
  return { user, item, time };
}

function valuesSql({ text, id, columns: has }: Source, { columns, attributes }: LoadOptions): string {
  const of = (value: (column: string) => string, column: string | undefined) =>
    column === undefined || !has.includes(column) ? 'NULL' : value(column);
  const time = of(text, columns.time);
  return [
    of(id, columns.user),
    of(id, columns.item),
    numberSql(time),
    `CASE WHEN ${numberSql(time)} IS NULL THEN ${time} END`,
    of(text, columns.event),
    of(text, columns.split),
    ...Object.values(attributes).map((column) => of(text, column)),
  ].join(', ');
}

export interface CheckOptions {
  dropIncomplete: boolean;
  /** Ids that can't be part of a URL's path are refused too. */
  forUrls?: boolean;
}

/**
 * Makes `users`, `taken` and `types` of `raw`.
 * @throws {DataError} at the first row with an id that can't be one
 */
export async function collectIds(db: Database, loaded: Loaded, options: CheckOptions): Promise<void> {
  const { columns } = loaded;
  const where = options.dropIncomplete ? `WHERE ${WHOLE}` : '';
  const tables = [
    ['users', '"user"', columns.user],
    ['taken', 'item', columns.item],
    ...(columns.event === undefined ? [] : [['types', 'type', columns.event]]),
  ];
  for (const [table, value, column] of tables) {
    const isType = table === 'types'; // an event may have none
    const longest = isType ? LONGEST_TYPE : LONGEST_ID;
    await db.run(`CREATE TABLE ${table} AS SELECT id, first, (row_number() OVER (ORDER BY first) - 1)::UINTEGER AS n
      FROM (SELECT ${value} AS id, min(rowid) AS first FROM raw ${where} GROUP BY ${value}) ORDER BY first`);
    const wrong = await db.row<{ first: number | null }>(
      `SELECT min(first)::DOUBLE AS first FROM ${table} WHERE NOT coalesce(${isId(longest)}, ${isType})`,
    );
    if (wrong.first !== null) {
      const { place, value: found } = await placeOf(db, loaded.parts, wrong.first, column);
      fail(place, column, `expected ${expectedId(longest)}, found ${found}`);
    }
  }
  if (options.forUrls) await refuseSteps(db, loaded);
}

async function refuseSteps(db: Database, { parts, columns }: Loaded): Promise<void> {
  const [step] = await db.rows<{ id: string; first: number }>(
    "SELECT id, first::DOUBLE AS first FROM users WHERE id IN ('.', '..') ORDER BY first LIMIT 1",
  );
  if (step === undefined) return;
  const { place } = await placeOf(db, parts, step.first, columns.user);
  fail(place, columns.user, `${quote(step.id)} can't be part of a URL's path, where it is a step`);
}
