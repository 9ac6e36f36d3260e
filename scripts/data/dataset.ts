/** What `npm run data` has to know about a dataset. */
import type { Download } from './download.ts';
import type { Interactions } from './interactions.ts';

export interface Dataset {
  /** How the command line names it. */
  name: string;
  /** What it is and where it comes from, for the usage. */
  description: string;
  /** The files that are downloaded into one folder when the user does not say where they are. */
  downloads?: Download[];
  /** Whether it consists of the user's own files: then the user has to say where they are. */
  ownFiles?: true;
  /** The name of a dataset of the user's own. */
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
