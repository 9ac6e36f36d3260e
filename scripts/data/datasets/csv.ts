import type { Dataset } from '../dataset.ts';
import { findTables } from '../files.ts';

/** The user's own tables, in whatever form they are. */
export const csv: Dataset = {
  name: 'csv',
  description:
    'your own: --from names the log, or a folder that has it and perhaps the items. CSV, TSV, JSON Lines, ' +
    'Parquet, or .inter and .item of RecBole, also with .gz or .zst; a folder may hold a log in parts',
  ownFiles: true,
  nameOf: (from) => findTables(from).name,
  tables: ({ from, items }) => findTables(from, items),
};
