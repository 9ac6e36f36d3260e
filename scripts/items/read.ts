/** A shop's export of its items, read with the reader of `npm run data`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { itemColumns } from '../data/columns.ts';
import { Database } from '../data/database.ts';
import { partsOf } from '../data/files.ts';
import { type Item, type ItemReport, loadItems, readItems } from '../data/items.ts';
import { openTable } from '../data/table.ts';

export interface ReadItemsOptions {
  /** Columns; by their names where they are not given. */
  item?: string;
  title?: string;
  categories?: string;
  encoding: string;
}

/** @throws {DataError} at the first row that is not as it should be */
export async function readExport(path: string, options: ReadItemsOptions): Promise<Item[]> {
  const folder = await mkdtemp(join(tmpdir(), 'earn-edge-items-'));
  try {
    const db = await Database.open(folder);
    try {
      const sources = await openTable(db, partsOf(path), { encoding: options.encoding });
      const columns = itemColumns(sources[0].columns, options, sources[0].file.shown);
      const table = await loadItems(db, sources, columns, folder);
      const report: ItemReport = { items: 0, untitled: 0, leftOut: new Map() };
      const items: Item[] = [];
      for await (const item of readItems(db, table, report)) items.push(item);
      return items;
    } finally {
      db.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
