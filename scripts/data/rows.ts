/** Text files as rows of fields, each with its line number. Blank lines are skipped. */
import { pipeline, Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import { fail, type Place, quote } from './errors.ts';
import { type Encoding, readText, type Source } from './source.ts';

export interface Line {
  line: number;
  text: string;
}

export interface Row {
  line: number;
  fields: string[];
}

/** A row of a table that has a header: `fields[i]` belongs to the column `header[i]`. */
export interface TableRow extends Row {
  header: string[];
}

/**
 * Yields the non-blank lines of a source. Only LF and CRLF end a line; `node:readline` also breaks at U+2028,
 * which JSON allows within a string (RFC 8259, section 7).
 */
export async function* lines(source: Source, encoding: Encoding = 'utf-8'): AsyncGenerator<Line> {
  let line = 0;
  let rest = '';
  for await (const chunk of readText(source, encoding)) {
    const texts = (rest + chunk).split('\n');
    rest = texts.pop() as string;
    for (const ended of texts) {
      line++;
      const text = ended.endsWith('\r') ? ended.slice(0, -1) : ended;
      if (text !== '') yield { line, text };
    }
  }
  if (rest !== '') yield { line: line + 1, text: rest };
}

/** A line of JSON Lines, an object whose fields are unchecked. */
export interface JsonLine {
  place: Place;
  object: Record<string, unknown>;
}

/** @throws {DataError} at a line that is not a JSON object */
export async function* jsonLines(source: Source): AsyncGenerator<JsonLine> {
  for await (const { line, text } of lines(source)) {
    const place = { file: source.file, line };
    yield { place, object: parseObject(text, place) };
  }
}

function parseObject(text: string, place: Place): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    fail(place, 'json', 'not valid JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  fail(place, 'json', 'expected an object');
}

/**
 * Rows split at a separator, without quoting, of a fixed number of columns.
 * @throws {DataError} at a row with another number of columns
 */
export async function* splitRows(
  source: Source,
  separator: string,
  width: number,
  encoding: Encoding,
): AsyncGenerator<Row> {
  for await (const { line, text } of lines(source, encoding)) {
    const fields = text.split(separator);
    checkWidth(source, line, fields, width);
    yield { line, fields };
  }
}

/**
 * Rows of a table with a header: CSV (RFC 4180), or a RecBole atomic file (`.inter`, `.item`: separated by
 * tabs, header fields `name:type`, of which the type is dropped).
 * @see https://recbole.io/docs/user_guide/data/atomic_files.html
 * @throws {DataError} at a row that does not have the header's number of columns, or at broken quoting
 */
export async function* tableRows(source: Source): AsyncGenerator<TableRow> {
  const recbole = isRecBole(source.file);
  let header: string[] | undefined;
  for await (const { line, fields } of recbole ? tabRows(source) : csvRows(source)) {
    if (header) {
      checkWidth(source, line, fields, header.length);
      yield { line, header, fields };
    } else {
      header = recbole ? fields.map((name) => name.replace(/:(token|float)(_seq)?$/, '')) : fields;
      const twice = header.find((name, i) => header?.indexOf(name) !== i);
      if (twice !== undefined) fail({ file: source.file, line }, twice, 'two columns have this name');
    }
  }
}

/** Whether the name is that of a JSON Lines file. */
export const isJsonLines = (file: string) => /\.jsonl(\.gz)?$/.test(file);

/**
 * The position of a column.
 * @throws {DataError} when the header, which is line 1, has no such column
 */
export function columnOf(header: string[], name: string, file: string): number {
  const index = header.indexOf(name);
  if (index < 0) fail({ file, line: 1 }, name, `no such column, only ${header.join(', ')}`);
  return index;
}

/** Whether the name is that of a RecBole atomic file. */
export const isRecBole = (file: string) => /\.(inter|item)(\.gz)?$/.test(file);

async function* tabRows(source: Source): AsyncGenerator<Row> {
  for await (const { line, text } of lines(source)) yield { line, fields: text.split('\t') };
}

async function* csvRows(source: Source): AsyncGenerator<Row> {
  // `relax_column_count`: checkWidth reports a wrong number of columns for every kind of file.
  const parser = parse({ info: true, relax_column_count: true, skip_empty_lines: true });
  try {
    // The signature asks for a callback; errors reach whoever iterates the stream.
    const records = pipeline(Readable.from(readText(source, 'utf-8')), parser, () => {});
    for await (const { info, record } of records) yield { line: info.lines, fields: record };
  } catch (cause) {
    const { code, lines, column, message } = cause as CsvError & { lines: number; column: number };
    if (!String(code).startsWith('CSV_')) throw cause;
    // csv-parse's message: the mistake, a colon, details.
    fail({ file: source.file, line: lines }, `column ${column + 1}`, message.split(':')[0]);
  }
}

function checkWidth({ file }: Source, line: number, fields: string[], width: number) {
  if (fields.length === width) return;
  fail({ file, line }, 'columns', `expected ${width}, found ${fields.length} in ${quote(fields.join(' '))}`);
}
