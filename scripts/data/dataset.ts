/** Describes a dataset to `npm run data`. */
import type { Download } from './download.ts';
import type { Interactions } from './interactions.ts';

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
  /** @throws {DataError} at the first malformed row */
  read(input: DatasetInput): Promise<Interactions> | Interactions;
}

export interface DatasetInput {
  /** The file or folder that the user named, or the folder of the downloads. */
  from: string;
  /** The item file of the user's own dataset, when it does not lie beside the interactions. */
  items?: string;
  /** Whether interactions may name items that the dataset does not list. */
  allowUnlisted: boolean;
}
