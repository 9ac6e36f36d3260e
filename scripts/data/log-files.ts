/** The log of a data folder: one CSV file, or the same rows in Parquet shards. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, sqlText } from './database.ts';
import { csvSource, dialectOf } from './dialect.ts';
import { DataError } from './errors.ts';

export const LOG_CSV = 'interactions.csv';
const SHARD = /^interactions-\d+\.parquet$/;
export const shardName = (number: number): string =>
  `interactions-${String(number).padStart(5, '0')}.parquet`;

/** A folder that has one of them has a whole dataset: they are written last. */
export const LOG_FILES: readonly string[] = [LOG_CSV, shardName(0)];

/** The files of the log, in the order of their rows. */
export function logFilesOf(folder: string): string[] {
  const shards = readdirSync(folder).filter((name) => SHARD.test(name));
  return existsSync(join(folder, LOG_CSV)) ? [LOG_CSV] : shards.sort();
}

/** Files of a log that another one replaces. */
export const isLogFile = (name: string): boolean => name === LOG_CSV || SHARD.test(name);

const COLUMNS = ['user_id', 'item_id', 'timestamp', 'type', 'split'];

/**
 * A query of user, item, time, type and split of each row, in order; NULL where there are none. A user who is
 * that of the row before is NULL too: a text less to read.
 * @throws {DataError} when the folder has no log
 */
export async function logSql(db: Database, folder: string): Promise<string> {
  const files = logFilesOf(folder);
  if (files.length === 0) throw new DataError(`${folder}: no ${LOG_CSV}`);
  const paths = files.map((name) => join(folder, name));
  const { source, columns } = files[0] === LOG_CSV ? await csvLog(paths[0]) : await parquetLog(db, paths);
  const [user, item, time, type, split] = COLUMNS.map((name) => columns.get(name) ?? 'NULL');
  return `SELECT CASE WHEN lag(${user}) OVER () = ${user} THEN NULL ELSE ${user} END, ${item},
    coalesce(try_cast(${time} AS DOUBLE), 0), nullif(${type}::VARCHAR, ''), ${split}::VARCHAR FROM ${source}`;
}

/** A table expression, and what SQL calls its columns. */
interface LogSource {
  source: string;
  columns: Map<string, string>;
}

async function csvLog(path: string): Promise<LogSource> {
  const dialect = await dialectOf({ path, shown: path });
  return {
    source: csvSource(path, dialect),
    columns: new Map(dialect.columns.map((name, at) => [name, `c${at}`])),
  };
}

async function parquetLog(db: Database, paths: string[]): Promise<LogSource> {
  const source = `read_parquet([${paths.map(sqlText).join(', ')}])`;
  const described = await db.rows<{ column_name: string }>(`DESCRIBE FROM ${source}`);
  return { source, columns: new Map(described.map(({ column_name: name }) => [name, name])) };
}
