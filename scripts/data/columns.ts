/** What the columns of a table are taken for: by the names that common sources give them, or by flags. */
import { UsageError } from '../options.ts';
import { DataError } from './errors.ts';

/** What a column of the interactions can be. */
export type Role = 'user' | 'item' | 'time' | 'event' | 'split';
/** What a column of the items can be. */
export type ItemRole = 'id' | 'title' | 'categories';

const words = (text: string) => text.trim().split(/\s+/);

/** Names as {@link plain} leaves them; the first that a table has is taken. */
const ITEM_IDS = words(`itemid item productid product movieid parentasin asin articleid bookid trackid songid
  listingid contentid sku lineitemsku variantsku variantid productsku isbn isbn13 gtin businessid lineitemname handle`);
const NAMES: Record<Role | ItemRole, string[]> = {
  user: words(`userid user customerid customer reviewerid visitorid userpseudoid clientid memberid accountid buyerid
    shopperid uid userhash author email sessionid usersession session`),
  item: ITEM_IDS,
  time: words(`timestamp time eventtime eventtimestamp unixreviewtime unixtimestamp unixtime datetime ts createdat
    createdtime occurredat happenedat purchasedat orderedat paidat processedat viewedat ratedat eventdate orderdate
    purchasedate invoicedate reviewtime date`),
  event: words(
    'type eventtype event eventname action interactiontype behavior behaviour behaviortype activity',
  ),
  split: ['split'],
  id: ['id', ...ITEM_IDS],
  title:
    words(`title itemname itemtitle productname producttitle movietitle lineitemname articlename booktitle
    trackname displayname prodname name`),
  categories:
    words(`categories category genres genre class categorycode productcategory itemcategory categoryname
    producttype maincategory tags type`),
};

/** Attributes of items that logs often carry in every row. */
const PROPERTIES = words(`price brand color colour size vendor itembrand lineitemprice currency manufacturer
  author department material`);

/** A name without what differs between habits: `movieId`, `movie_id` and `Movie ID` are one. */
export const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** The first column that has one of the role's names. */
function named(columns: string[], role: Role | ItemRole, taken: string[]): string | undefined {
  const free = columns.filter((column) => !taken.includes(column));
  for (const name of NAMES[role]) {
    const found = free.find((column) => plain(column) === name);
    if (found !== undefined) return found;
  }
}

/** Columns that flags name, by role; `none` for a role that no column has. */
export type Flags<R extends string> = Partial<Record<R, string>>;
export type Columns<R extends string> = Partial<Record<R, string>>;

const NONE = 'none';

/** @throws {UsageError} when a flag names a column that the table does not have */
function assign<R extends Role | ItemRole>(
  columns: string[],
  roles: readonly R[],
  flags: Flags<R>,
  file: string,
): Columns<R> {
  const found: Columns<R> = {};
  for (const role of roles) {
    const flag = flags[role];
    if (flag === undefined || flag === NONE) continue;
    if (!columns.includes(flag)) {
      throw new UsageError(`--${role}: ${file} has no column ${flag}, only ${columns.join(', ')}`);
    }
    found[role] = flag;
  }
  for (const role of roles) {
    if (flags[role] === undefined) {
      const column = named(columns, role, Object.values(found));
      if (column !== undefined) found[role] = column;
    }
  }
  return found;
}

export type LogColumns = Columns<Role> & { user: string; item: string };

/**
 * @param untimed whether rows without a time are fine
 * @throws {DataError} when there is no column for the user, the item or the time
 */
export function logColumns(
  columns: string[],
  flags: Flags<Role>,
  file: string,
  untimed: boolean,
): LogColumns {
  const found = assign(columns, ['user', 'item', 'time', 'event', 'split'], flags, file);
  const needed = ['user', 'item', ...(untimed ? [] : ['time'])] as const;
  const missing = needed.filter((role) => found[role as Role] === undefined);
  if (missing.length > 0) {
    const advice = missing.map((role) => `--${role} COLUMN`).join(' ');
    throw new DataError(
      `${file}:1: no column is known to be the ${missing.join(' or the ')}; ` +
        `there are ${columns.join(', ')}. Say which with ${advice}`,
    );
  }
  return found as LogColumns;
}

/** @param flags `item` may name the column of ids, as in the interactions */
export function itemColumns(
  columns: string[],
  flags: Flags<'item' | 'title' | 'categories'>,
  file: string,
): Columns<ItemRole> & { id: string } {
  const { item, ...others } = flags;
  const id = item !== undefined && columns.includes(item) ? { id: item } : {};
  const found = assign(columns, ['id', 'title', 'categories'], { ...others, ...id }, file);
  if (found.id === undefined) {
    throw new DataError(
      `${file}:1: no column is known to be the item's id; there are ${columns.join(', ')}. ` +
        'Say which with --item COLUMN',
    );
  }
  return found as Columns<ItemRole> & { id: string };
}

/** Columns of a log that describe its items, when no other table does. */
export function attributesIn(
  columns: string[],
  log: LogColumns,
  flags: Flags<'title' | 'categories'>,
  file: string,
): Columns<'title' | 'categories'> & { properties: string[] } {
  const taken = Object.values(log);
  const free = columns.filter((column) => !taken.includes(column));
  const found = assign(free, ['title', 'categories'], flags, file);
  const rest = free.filter((column) => !Object.values(found).includes(column));
  return { ...found, properties: rest.filter((column) => PROPERTIES.includes(plain(column))) };
}
