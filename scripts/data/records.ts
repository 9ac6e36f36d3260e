/** Single records of a text file, apart from DuckDB: what stands first, and on which line a record ends. */
import { type Options, parse } from 'csv-parse';
import type { Dialect } from './dialect.ts';
import { openBytes } from './lines.ts';

const optionsOf = ({ separator, quote, encoding }: Dialect): Options => ({
  delimiter: separator,
  quote: quote || null,
  bom: true,
  encoding: encoding === 'latin-1' ? 'latin1' : encoding === 'utf-16' ? 'utf16le' : 'utf8',
  relax_quotes: true,
  relax_column_count: true,
  skip_empty_lines: true,
  record_delimiter: ['\r\n', '\n', '\r'],
  info: true,
});

interface Entry {
  record: string[];
  info: { lines: number };
}

/** Records from the first of the file, its header not counted. Ends early where the file is damaged. */
async function* records(path: string, dialect: Dialect, count: number): AsyncGenerator<Entry> {
  const bytes = openBytes(path);
  const to = count + (dialect.header ? 1 : 0);
  const parser = bytes.pipe(parse({ ...optionsOf(dialect), to }));
  bytes.once('error', () => parser.end());
  try {
    let first = dialect.header;
    for await (const entry of parser as AsyncIterable<Entry>) {
      if (first) first = false;
      else yield entry;
    }
  } catch {
    // Whoever reads the whole file says what is wrong.
  } finally {
    bytes.destroy();
  }
}

export async function firstRecords(path: string, dialect: Dialect, count: number): Promise<string[][]> {
  const first: string[][] = [];
  for await (const { record } of records(path, dialect, count)) first.push(record);
  return first;
}

/** The line in which a record ends: quoted fields may hold line ends. */
export async function lineOfRecord(path: string, dialect: Dialect, row: number): Promise<number> {
  let line = 0;
  for await (const { info } of records(path, dialect, row + 1)) line = info.lines;
  return line;
}
