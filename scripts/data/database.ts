/** DuckDB, which reads, casts, joins and sorts tables that need not fit in memory. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import type { SingleBar } from 'cli-progress';
import { progressBar } from '../progress.ts';

/** Beyond this DuckDB writes to its folder; together with buffers of files it stays well under 4 GB. */
const MEMORY = '2GB';

/** Of queries that only look at what was read. */
const CHECKING = 'check';
const SECOND = 1000;

/** Its name in the folder. */
export const DATABASE_FILE = 'work.duckdb';

export class Database {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  /** @param folder where it may put its own files; whoever made the folder removes it */
  static open(folder: string): Promise<Database> {
    return Database.#create(join(folder, DATABASE_FILE), join(folder, 'work.tmp'));
  }

  /** For queries that keep no table. */
  static inMemory(): Promise<Database> {
    return Database.#create(':memory:', join(tmpdir(), `earn-edge-${process.pid}.tmp`));
  }

  static async #create(path: string, temporary: string): Promise<Database> {
    const instance = await DuckDBInstance.create(path, {
      memory_limit: MEMORY,
      temp_directory: temporary,
      // A dataset is read as it is: nothing is fetched, nothing is installed.
      autoinstall_known_extensions: 'false',
    });
    const connection = await instance.connect();
    // Times without a zone are UTC. Rows keep the order of their file, so `rowid` is the row's place in it.
    await connection.run("SET TimeZone = 'UTC'; SET preserve_insertion_order = true");
    // How far a query is can be asked; nothing is printed.
    await connection.run('SET enable_progress_bar = true; SET enable_progress_bar_print = false');
    return new Database(instance, connection);
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  /** @param label names a query that may take long on its progress bar */
  async run(sql: string, label = CHECKING): Promise<void> {
    await this.#shown(this.#connection.run(sql), label);
  }

  /** All rows; 64-bit integers, decimals and dates arrive as text, so cast counts to DOUBLE. */
  async rows<T = Record<string, unknown>>(sql: string): Promise<T[]> {
    const reader = await this.#shown(this.#connection.runAndReadAll(sql), CHECKING);
    return reader.getRowObjectsJson() as T[];
  }

  /** Shows how far a query is, once it has taken a second. */
  async #shown<T>(query: Promise<T>, label: string): Promise<T> {
    let bar: SingleBar | undefined;
    const watch = setInterval(() => {
      bar ??= progressBar(label, 100);
      bar.update(Math.max(0, this.#connection.progress.percentage)); // -1 where it is not known
    }, SECOND);
    try {
      const result = await query;
      bar?.update(100);
      return result;
    } finally {
      clearInterval(watch);
      bar?.stop();
    }
  }

  /** The only row of a query that always gives one. */
  async row<T = Record<string, unknown>>(sql: string): Promise<T> {
    return (await this.rows<T>(sql))[0];
  }

  /** Some thousand rows at a time, an array per column: texts and numbers as they are. */
  async *columns(sql: string): AsyncGenerator<DuckDBValue[][]> {
    for await (const chunk of await this.#connection.stream(sql)) yield chunk.getColumns();
  }

  /** Rows one after the other, as arrays, for results that are large. */
  async *stream(sql: string): AsyncGenerator<(string | number | null)[]> {
    const result = await this.#connection.stream(sql);
    for await (const rows of result.yieldRowsJson()) yield* rows as (string | number | null)[][];
  }
}

/** A text as a literal of SQL. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A name as an identifier of SQL. */
export const sqlName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
