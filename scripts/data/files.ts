/** The files of the user's tables: which there are, and what their names say of their form. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DataError } from './errors.ts';

export interface DataFile {
  path: string;
  /** As messages name it. */
  shown: string;
}

export type Format = 'csv' | 'recbole' | 'json' | 'parquet';

const FORMATS: [RegExp, Format][] = [
  [/\.(csv|tsv|txt)$/i, 'csv'],
  [/\.(inter|item)$/i, 'recbole'],
  [/\.(jsonl|ndjson|json)$/i, 'json'],
  [/\.parquet$/i, 'parquet'],
];
const COMPRESSION = /\.(gz|zst)$/i;
const ENDINGS = '.csv, .tsv, .jsonl, .json, .parquet, .inter or .item, or one of these with .gz or .zst';

/** Undefined when the name is not that of a table. */
export function formatOf(name: string): Format | undefined {
  return FORMATS.find(([pattern]) => pattern.test(name.replace(COMPRESSION, '')))?.[1];
}

export const compressionOf = (name: string): string | undefined => COMPRESSION.exec(name)?.[1].toLowerCase();

/** The name without what says its form. */
const stemOf = (name: string) => name.replace(COMPRESSION, '').replace(/\.[^.]*$/, '');

export interface TableFiles {
  /** Several are the parts of one table. */
  interactions: DataFile[];
  /** None when the interactions make the items. */
  items: DataFile[];
  /** Name of the dataset when the user gives none. */
  name: string;
}

/** Names of logs without what stands behind the dot, those that say it best first. */
const LOGS = [
  /^interactions$/i,
  /^(ratings|events|reviews|orders|order_items|purchases|transactions|clicks|views)$/i,
];
/** Parts of a log beside other tables. */
const SHARDS = /^interactions[-_.]?\d+$/i;
const CATALOGUES = /^(items|movies|products|articles|books|catalog|catalogue|metadata)$/i;

/**
 * Finds the tables in a folder, or those that belong to a file.
 * @throws {DataError} when there are none, or several to choose from
 */
export function findTables(from: string, items?: string): TableFiles {
  const given = statSync(from).isFile();
  const folder = given ? dirname(from) : from;
  const interactions = given ? [named(from)] : logsIn(folder);
  const stem = stemOf(basename(interactions[0].path));
  const itemFiles = items === undefined ? cataloguesOf(folder, stem) : partsOf(items);
  const name = given && stem !== 'interactions' ? stem : basename(resolve(folder));
  return { interactions, items: itemFiles, name };
}

function named(path: string): DataFile {
  if (formatOf(path) === undefined) throw new DataError(`${path}: expected a name ending in ${ENDINGS}`);
  return { path, shown: path };
}

/** A table that is one file, or a folder of its parts. */
export function partsOf(path: string): DataFile[] {
  if (statSync(path).isFile()) return [named(path)];
  const parts = tablesIn(path).map((name) => named(join(path, name)));
  if (parts.length === 0) throw new DataError(`${path}: no file inside ends in ${ENDINGS}`);
  return parts;
}

const tablesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => !/^[._]/.test(name) && formatOf(name) !== undefined && existsFile(join(folder, name)))
    .sort();

const existsFile = (path: string) => existsSync(path) && statSync(path).isFile();

function logsIn(folder: string): DataFile[] {
  const names = tablesIn(folder);
  const isInter = (name: string) => /\.inter$/i.test(name.replace(COMPRESSION, ''));
  const shards = names.filter((name) => SHARDS.test(stemOf(name)));
  if (shards.length > 0 && !names.some((name) => LOGS[0].test(stemOf(name)))) {
    return shards.map((name) => named(join(folder, name)));
  }
  for (const log of LOGS) {
    const found = names.filter((name) => log.test(stemOf(name)) || (log === LOGS[0] && isInter(name)));
    if (found.length > 0) return [one(folder, found)];
  }
  const parts = names.filter((name) => !isCatalogue(name));
  if (parts.length > 0) return parts.map((name) => named(join(folder, name)));
  throw new DataError(`${folder}: no interactions inside; expected files ending in ${ENDINGS}`);
}

const isCatalogue = (name: string) =>
  CATALOGUES.test(stemOf(name)) || /\.item$/i.test(name.replace(COMPRESSION, ''));

/** The catalogue beside a log: one of the known names, or RecBole's of the same name. */
function cataloguesOf(folder: string, stem: string): DataFile[] {
  const found = tablesIn(folder).filter(
    (name) =>
      CATALOGUES.test(stemOf(name)) ||
      (stemOf(name) === stem && /\.item$/i.test(name.replace(COMPRESSION, ''))),
  );
  return found.length === 0 ? [] : [one(folder, found)];
}

function one(folder: string, names: string[]): DataFile {
  if (names.length > 1) throw new DataError(`${folder}: holds ${names.join(' and ')}; keep the one to read`);
  return named(join(folder, names[0]));
}
