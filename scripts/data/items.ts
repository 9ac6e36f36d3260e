/** The items of a dataset: from a table of their own, or from columns of the interactions. */
import { flatTexts, type Kind, type Separator, SeparatorVote, splitCategories } from './category-lists.ts';
import { type Columns, type ItemRole, plain } from './columns.ts';
import type { Database } from './database.ts';
import { fail, quote } from './errors.ts';
import { expectedId, isId, LONGEST_ID } from './ids.ts';
import { loadParts } from './load.ts';
import { type Part, placeOf } from './place.ts';
import { type Property, PropertyType, propertyOf, type Value } from './properties.ts';
import type { Source } from './table.ts';

/** A row of the items. */
export interface Item {
  id: string;
  title: string;
  categories?: string[];
  properties?: Record<string, Property>;
}

/** The column of a data folder's own items that holds an object of all of them. */
const PROPERTIES = 'properties';

/** What was found out about the items on the way. */
export interface ItemReport {
  items: number;
  /** Items that got their id as title. */
  untitled: number;
  /** Columns whose values are no properties, such as objects, with the number of items. */
  leftOut: Map<string, number>;
  separator?: Separator;
}

/** What the columns of the table `item_rows` hold: `id`, `title`, `categories`, then `p0`, `p1` and so on. */
export interface ItemTable {
  /** Whether title, categories and properties are JSON; otherwise they are text. */
  typed: boolean;
  /** Names of the properties. */
  properties: string[];
  categories: Kind;
  /** Whether a comma may be a decimal point. */
  commas: boolean;
}

/**
 * Reads an item file into `item_rows`.
 * @throws {DataError} at an id that can't be one, or that is there twice
 */
export async function loadItems(
  db: Database,
  sources: Source[],
  columns: Columns<ItemRole> & { id: string },
  folder: string,
): Promise<ItemTable> {
  const [{ dialect, columns: all, json }] = sources;
  const taken = Object.values(columns);
  const properties = all.filter((column) => column !== '' && !taken.includes(column));
  const fields = properties.map((_, i) => `, p${i} VARCHAR`).join('');
  await db.run(`CREATE TABLE item_rows (id VARCHAR, title VARCHAR, categories VARCHAR${fields})`);
  const parts = await loadParts(db, 'item_rows', sources, folder, (source) => {
    const value = source.json ?? source.text;
    const of = (column: string | undefined) =>
      column === undefined || !source.columns.includes(column) ? 'NULL' : `${value(column)}::VARCHAR`;
    return [source.id(columns.id), of(columns.title), of(columns.categories), ...properties.map(of)].join(
      ', ',
    );
  });
  await checkIds(db, parts, columns.id);
  return {
    typed: json !== undefined,
    properties,
    categories: kindOf(columns.categories, dialect?.types?.[all.indexOf(columns.categories ?? '')]),
    commas: dialect !== undefined && dialect.separator !== ',',
  };
}

async function checkIds(db: Database, parts: Part[], column: string): Promise<void> {
  const { row } = await db.row<{ row: number | null }>(
    `SELECT min(rowid)::DOUBLE AS row FROM item_rows WHERE NOT coalesce(${isId(LONGEST_ID)}, false)`,
  );
  if (row !== null) {
    const { place, value } = await placeOf(db, parts, row, column);
    fail(place, column, `expected ${expectedId(LONGEST_ID)}, found ${value}`);
  }
  const [twice] = await db.rows<{ id: string; row: number }>(
    `SELECT id, row::DOUBLE AS row FROM (
      SELECT id, rowid AS row, row_number() OVER (PARTITION BY id ORDER BY rowid) AS time FROM item_rows
    ) WHERE time = 2 ORDER BY row LIMIT 1`,
  );
  if (twice === undefined) return;
  const { place } = await placeOf(db, parts, twice.row, column);
  fail(place, column, `${quote(twice.id)} is listed twice`);
}

/**
 * Makes `item_rows` of the newest attributes that `raw` has of each item.
 * @param columns the source's column by its name in `raw`
 */
export async function gatherItems(
  db: Database,
  seconds: string,
  columns: { title?: string; categories?: string; properties: Record<string, string> },
  type: string | undefined,
): Promise<ItemTable> {
  const newest = (name: string) =>
    `arg_max(raw.${name}, (${seconds}, raw.rowid)) FILTER (raw.${name} IS NOT NULL)`;
  const title = columns.title === undefined ? 'NULL' : newest('title');
  const categories = columns.categories === undefined ? 'NULL' : newest('categories');
  const names = Object.keys(columns.properties);
  const properties = names.map((name, i) => `, ${newest(name)} AS p${i}`).join('');
  const has = [title, categories, ...names].some((sql) => sql !== 'NULL');
  await db.run(`CREATE TABLE item_rows AS SELECT taken.id, ${has ? `of.* EXCLUDE item` : 'NULL AS title, NULL AS categories'}
    FROM taken ${
      has
        ? `JOIN (SELECT item, ${title} AS title, ${categories} AS categories${properties}
      FROM raw GROUP BY item) of ON of.item = taken.id`
        : ''
    } ORDER BY taken.n`);
  return {
    typed: false,
    properties: Object.values(columns.properties),
    categories: kindOf(columns.categories, type),
    commas: true,
  };
}

export const kindOf = (column: string | undefined, type?: string): Kind => ({
  isCode: column !== undefined && plain(column) === 'categorycode',
  isSequence: type === 'token_seq',
});

/**
 * Yields the items of a table, in its order.
 * @param report is filled on the way
 */
export async function* readItems(db: Database, table: ItemTable, report: ItemReport): AsyncGenerator<Item> {
  const { typed, properties } = table;
  const sql = 'FROM item_rows';
  const types = properties.map(() => new PropertyType(table.commas));
  const vote = new SeparatorVote();
  const parse = (text: string | number | null): Value =>
    typed && text !== null ? (JSON.parse(`${text}`) as Value) : text;
  // A first pass sees all values of a column before one of them is read.
  for await (const [, , categories, ...values] of db.stream(sql)) {
    const listed = parse(categories);
    if (typeof listed === 'string') vote.add(listed);
    if (!typed) for (const [i, text] of values.entries()) if (text !== null) types[i].add(`${text}`);
  }
  const separator = vote.chosen(table.categories);
  report.separator = separator;
  for await (const [id, title, categories, ...values] of db.stream(sql)) {
    report.items++;
    const name = titleOf(parse(title));
    if (name === undefined) report.untitled++;
    const names = categoriesOf(parse(categories), separator);
    const found = Object.fromEntries(
      properties.flatMap((property, i) => {
        const value = values[i];
        if (value === null) return [];
        if (typed) return typedProperties(property, parse(value), report.leftOut);
        const read = types[i].read(`${value}`);
        return read === undefined ? [] : [[property, read]];
      }),
    );
    yield {
      id: id as string,
      title: name ?? (id as string),
      ...(names.length > 0 && { categories: names }),
      ...(Object.keys(found).length > 0 && { properties: found }),
    };
  }
}

/** The properties that a column gives an item: one, or those of the object that a data folder has. */
function typedProperties(
  column: string,
  value: Value,
  leftOut: ItemReport['leftOut'],
): [name: string, value: Property][] {
  const read = propertyOf(value);
  if (read !== undefined) return [[column, read]];
  if (!isObject(value)) return [];
  if (column === PROPERTIES && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, each]) => typedProperties(name, each, leftOut));
  }
  leftOut.set(column, (leftOut.get(column) ?? 0) + 1);
  return [];
}

const isObject = (value: Value) => typeof value === 'object' && value !== null;

function titleOf(value: Value): string | undefined {
  if (typeof value === 'number') return `${value}`;
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function categoriesOf(value: Value, separator: Separator): string[] {
  if (Array.isArray(value)) return flatTexts(value);
  return value === null || value === undefined ? [] : splitCategories(`${value}`, separator);
}
