/** Reads the two tables of a dataset into a database, checks them, and puts the rows in order. */
import { attributesIn, type Flags, itemColumns, logColumns, type Role } from './columns.ts';
import type { Database } from './database.ts';
import type { Tables } from './dataset.ts';
import { DataError, fail, quote } from './errors.ts';
import { gatherItems, type ItemReport, type ItemTable, loadItems } from './items.ts';
import { countOf } from './load.ts';
import { collectIds, type Loaded, loadRaw, WHOLE } from './log.ts';
import { type OrderOptions, orderRows } from './order.ts';
import { placeOf } from './place.ts';
import { describeTable } from './preview.ts';
import { openTable, type Source } from './table.ts';
import { type Clock, clockOf, MixedTimes, secondsSql } from './times.ts';
import { findTwins, type Twins } from './twins.ts';

export const SPLITS = ['train', 'valid', 'test'];

/** Values of the options in `options.ts`. */
export interface ReadOptions extends OrderOptions {
  user?: string;
  item?: string;
  time?: string;
  event?: string;
  title?: string;
  categories?: string;
  timeUnit?: string;
  dates?: string;
  encoding: string;
  dropIncomplete: boolean;
  /** Whether interactions may name items that no item file lists. */
  allowUnlisted: boolean;
}

/** What was read. */
export interface Read {
  itemTable: ItemTable;
  /** Whether there is a table of items. */
  listed: boolean;
  /** Items of the log that the table of items does not have. */
  unlisted: number;
  hasTypes: boolean;
  hasSplit: boolean;
  users: number;
  interactions: number;
  tied: number;
  /** Duplicates left out. */
  dropped: number;
  incomplete: Loaded['incomplete'];
  /** How often each type of event occurs, most often first. */
  types: Record<string, number>;
  /** First and last time, in seconds since 1970. */
  times: [number, number];
  twins: Twins;
  /** Users with at least three interactions. */
  usableUsers: number;
  /** Items that at least two users have had. */
  sharedItems: number;
}

export type DatasetReport = Read & ItemReport;

/** @throws {DataError} at the first row that is not as it should be */
export async function readDataset(
  db: Database,
  tables: Tables,
  options: ReadOptions & { folder: string },
  print: (line: string) => void,
): Promise<Read> {
  const { encoding, folder, dropIncomplete, allowUnlisted } = options;
  const { layouts } = tables;
  const log = await openTable(db, tables.interactions, { encoding, ...layouts?.interactions });
  const catalogue = await openTable(db, tables.items, { encoding, ...layouts?.items });
  const listed = catalogue.length > 0;
  const shown = log[0].file.shown;
  const columns = logColumns(log[0].columns, flagsOf(options), shown, false);
  const about = listed ? { properties: [] } : attributesIn(log[0].columns, columns, options, shown);
  const { properties, ...texts } = about;
  const numbered = Object.fromEntries(properties.map((property, i) => [`p${i}`, property]));
  const attributes = { ...texts, ...numbered };
  for await (const line of describeTable(db, log, { ...columns, ...texts }, properties)) print(line);
  const described = listed ? itemColumns(catalogue[0].columns, options, catalogue[0].file.shown) : undefined;
  if (described) {
    const rest = catalogue[0].columns.filter((column) => !Object.values(described).includes(column));
    for await (const line of describeTable(db, catalogue, described, rest)) print(line);
  }

  const loaded = await loadRaw(db, log, { columns, attributes, folder, dropIncomplete, untimed: false });
  if (loaded.rows === 0) throw new DataError(`${shown}: no interactions`);
  await collectIds(db, loaded, { dropIncomplete });
  if ((await countOf(db, 'users')) === 0) throw new DataError(`${shown}: no interactions`);
  const clock = await clockFor(db, loaded, options);
  const itemTable = described
    ? await loadItems(db, catalogue, described, folder)
    : await gatherItems(
        db,
        secondsSql(clock),
        { ...texts, properties: numbered },
        typeOf(log[0], texts.categories),
      );
  const unlisted = listed
    ? await findUnlisted(db, loaded, allowUnlisted || tables.sharedCatalogue === true)
    : 0;
  if (tables.sharedCatalogue) await keepTaken(db);
  await checkSplits(db, loaded);
  const { tied, dropped } = await orderRows(db, loaded, clock, options);
  return {
    itemTable,
    listed,
    unlisted,
    hasTypes: columns.event !== undefined,
    hasSplit: columns.split !== undefined,
    tied,
    dropped,
    incomplete: loaded.incomplete,
    twins: await findTwins(db),
    ...(await shapeOf(db, columns.event !== undefined)),
  };
}

const flagsOf = ({ user, item, time, event }: Flags<Role>): Flags<Role> => ({ user, item, time, event });

const typeOf = ({ dialect, columns }: Source, column: string | undefined): string | undefined =>
  dialect?.types?.[columns.indexOf(column ?? '')];

/** How the log's times are written. @throws {DataError} that names two rows which contradict each other */
export async function clockFor(
  db: Database,
  { parts, columns }: Loaded,
  { timeUnit, dates }: Pick<ReadOptions, 'timeUnit' | 'dates'>,
): Promise<Clock> {
  const given = { ...(timeUnit && { unit: timeUnit }), ...(dates && { dates }) } as Partial<Clock>;
  return clockOf(db, given).catch(async (error: Error) => {
    if (!(error instanceof MixedTimes) || columns.time === undefined) throw error;
    const [first, second] = await Promise.all(
      error.rows.map((row) => placeOf(db, parts, row, columns.time!)),
    );
    const say = ({ place, value }: typeof first) => `${value} (${place.file}:${place.line})`;
    throw new DataError(
      `${second.place.file}:${second.place.line}: ${columns.time}: ${error.say(say(first), say(second))}`,
    );
  });
}

/** Items of the log without a row in the table of items are added to it, behind the others. */
async function findUnlisted(db: Database, { parts, columns }: Loaded, allowed: boolean): Promise<number> {
  const missing = 'taken WHERE id NOT IN (SELECT id FROM item_rows)';
  const { row, n } = await db.row<{ row: number | null; n: number }>(
    `SELECT min(first)::DOUBLE AS row, count(*)::DOUBLE AS n FROM ${missing}`,
  );
  if (row === null) return 0;
  if (!allowed) {
    const { place, value } = await placeOf(db, parts, row, columns.item);
    fail(place, columns.item, `${value} is not in the item file (--allow-unlisted adds it)`);
  }
  await db.run(`INSERT INTO item_rows (id) SELECT id FROM ${missing} ORDER BY first`);
  return n;
}

/** Leaves in `item_rows` what the log names, in the order in which it does. */
async function keepTaken(db: Database): Promise<void> {
  await db.run(`CREATE TABLE kept AS SELECT item_rows.* FROM item_rows JOIN taken USING (id) ORDER BY taken.n;
    DROP TABLE item_rows; ALTER TABLE kept RENAME TO item_rows`);
}

async function checkSplits(db: Database, { parts, columns }: Loaded): Promise<void> {
  if (columns.split === undefined) return;
  const known = SPLITS.map((split) => `'${split}'`).join(', ');
  const { row } = await db.row<{ row: number | null }>(
    `SELECT min(rowid)::DOUBLE AS row FROM raw WHERE ${WHOLE} AND coalesce(split, '') NOT IN (${known})`,
  );
  if (row === null) return;
  const { place, value } = await placeOf(db, parts, row, columns.split);
  fail(
    place,
    columns.split,
    `expected ${SPLITS.join(', ')}, found ${value === 'nothing' ? quote('') : value}`,
  );
}

const KEPT = 'events WHERE rowid NOT IN (SELECT place FROM repeated)';

async function shapeOf(db: Database, hasTypes: boolean) {
  const all = await db.row<{ n: number; first: number; last: number; users: number }>(
    `SELECT count(*)::DOUBLE AS n, min(time)::DOUBLE AS first, max(time)::DOUBLE AS last,
      count(DISTINCT owner)::DOUBLE AS users FROM ${KEPT}`,
  );
  const types = hasTypes
    ? await db.rows<{ type: string; n: number }>(
        `SELECT type, count(*)::DOUBLE AS n FROM ${KEPT} AND type IS NOT NULL GROUP BY type ORDER BY n DESC, type`,
      )
    : [];
  return {
    users: all.users,
    interactions: all.n,
    times: [all.first, all.last] as [number, number],
    types: Object.fromEntries(types.map(({ type, n }) => [type, n])),
    usableUsers: await countOf(db, `(SELECT owner FROM ${KEPT} GROUP BY owner HAVING count(*) >= 3)`),
    sharedItems: await countOf(db, '(SELECT item FROM events GROUP BY item HAVING min(owner) <> max(owner))'),
  };
}
