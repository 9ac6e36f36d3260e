/**
 * Rows that hold a list of items, such as GA4's events (`items`), as one row per item. What an entry of the
 * list doesn't say, the row around it does.
 */
import type { Database } from './database.ts';
import { jsonId, jsonPath } from './json-lines.ts';
import type { Source } from './table.ts';

const LIST = 'items';
/** Entries whose keys become columns. */
const SAMPLE = 10_000;

/** The source itself when its rows hold no lists of items. */
export async function unnested(db: Database, source: Source): Promise<Source> {
  const { columns, from } = source;
  if (!columns.includes(LIST)) return source;
  const list = source.json!(LIST);
  const { keys } = await db.row<{ keys: string[] | null }>(
    `SELECT list_distinct(flatten(list(json_keys(entry)))) AS keys FROM (
      SELECT unnest(json_extract(${list}, '$[*]')) AS entry FROM ${from} LIMIT ${SAMPLE}
    ) WHERE json_type(entry) = 'OBJECT'`,
  );
  if (!keys || keys.length === 0) return source;

  // An entry's `id` is the item's, and the row around it may have another one.
  const keyOf = (column: string) => (column === 'item_id' && !keys.includes(column) ? 'id' : column);
  const inner = keys.includes('id') && !keys.includes('item_id') ? ['item_id'] : [];
  const own = [...inner, ...keys.filter((key) => key !== 'id').sort()];
  const outer = columns.filter((column) => column !== LIST && !own.includes(column));
  const inEntry = (column: string) => `(entry -> ${jsonPath(keyOf(column))})`;
  const value = (of: (column: string) => string, entry: (json: string) => string) => (column: string) => {
    if (!own.includes(column)) return of(column);
    const around = columns.includes(column) ? of(column) : 'NULL';
    return `coalesce(${entry(inEntry(column))}, ${around})`;
  };
  const entries = `CASE WHEN coalesce(json_type(${list}), 'NULL') = 'NULL' THEN ['{}'::JSON]
    ELSE json_extract(${list}, '$[*]') END`;
  return {
    ...source,
    columns: [...outer, ...own],
    from: `(SELECT *, unnest(${entries}) AS entry FROM ${from})`,
    text: value(source.text, (json) => `(${json} ->> '$')`),
    id: value(source.id, jsonId),
    json: value(source.json!, (json) => json),
    origin: `(SELECT n, unnest(${entries}) AS entry FROM (SELECT *, row_number() OVER () AS n FROM ${from}))`,
  };
}
