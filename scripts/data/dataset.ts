/** Describes a dataset to `npm run data`. */
import type { Download } from './download.ts';
import type { DataFile } from './files.ts';
import type { Layout } from './table.ts';

export interface Dataset {
  /** Its name on the command line. */
  name: string;
  /** What it is and where it comes from, for the usage. */
  description: string;
  /** Files to download into one folder, unless the user gives `--from`. */
  downloads?: Download[];
  /** Whether it reads the user's own files, so that `--from` is required. */
  ownFiles?: true;
  /** Names a dataset that is the user's own. */
  nameOf?(from: string): string;
  /** @throws {DataError} when the files are not there */
  tables(input: DatasetInput): Promise<Tables> | Tables;
}

export interface DatasetInput {
  /** The file or folder that the user named, or the folder of the downloads. */
  from: string;
  /** The item file of the user's own dataset, when it does not lie beside the interactions. */
  items?: string;
  /** Where a dataset may put files that it unpacks or makes up. */
  folder: string;
}

/** Where a dataset's two tables are. */
export interface Tables {
  interactions: DataFile[];
  /** Empty when the interactions make the items. */
  items: DataFile[];
  /** What the files themselves don't say. */
  layouts?: { interactions: Layout; items: Layout };
  /** Whether the item table also describes items of other datasets, so that only those of the log count. */
  sharedCatalogue?: true;
}
