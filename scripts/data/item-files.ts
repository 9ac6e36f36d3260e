/** The items of a data folder: JSON Lines, or the same rows in Parquet. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Database, sqlText } from './database.ts';
import { DataError } from './errors.ts';
import type { Item } from './items.ts';

export const ITEMS_JSON = 'items.jsonl';
export const ITEMS_PARQUET = 'items.parquet';
export const ITEM_FILES: readonly string[] = [ITEMS_JSON, ITEMS_PARQUET];

/** Properties differ from item to item, so in Parquet they are JSON. */
const FIELDS = "{id: 'VARCHAR', title: 'VARCHAR', categories: 'VARCHAR[]', properties: 'JSON'}";

/** A table expression of SQL for the rows of `items.jsonl`. */
export const itemRows = (path: string): string =>
  `read_json(${sqlText(path)}, format = 'newline_delimited', columns = ${FIELDS})`;

/** @throws {DataError} when the folder has no items */
export function itemsFileOf(folder: string): string {
  const name = ITEM_FILES.find((each) => existsSync(join(folder, each)));
  if (name === undefined) throw new DataError(`${folder}: no ${ITEMS_JSON}`);
  return name;
}

/** Yields the items of a data folder, in their order. @throws {DataError} when it has none */
export async function* itemsIn(folder: string): AsyncGenerator<Item> {
  const name = itemsFileOf(folder);
  const path = join(folder, name);
  const rows = name === ITEMS_JSON ? itemRows(path) : `read_parquet(${sqlText(path)})`;
  const db = await Database.inMemory();
  try {
    for await (const row of db.stream(`SELECT id, title, categories, properties FROM ${rows}`)) {
      const [id, title, categories, properties] = row as [string, string | null, string[] | null, string];
      yield {
        id,
        title: title ?? id,
        ...(categories && { categories }),
        ...(properties && { properties: JSON.parse(properties) }),
      };
    }
  } finally {
    db.close();
  }
}
