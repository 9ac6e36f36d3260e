/** What DuckDB says of a file that it can't read, as one line with the place at fault. */
import type { Dialect } from './dialect.ts';
import { DataError, fail, quote } from './errors.ts';
import type { DataFile } from './files.ts';
import { lines } from './lines.ts';

/** DuckDB reads files of one kind of line end only. */
export const mixesLineEnds = (error: Error): boolean => error.message.includes('reached an invalid state');

/** @throws {DataError} that names file, line and field; or the error itself when it is not about the file */
export async function readFailure(error: Error, file: DataFile, dialect?: Dialect): Promise<never> {
  const { shown } = file;
  const { message } = error;
  if (message.includes('Malformed JSON')) {
    fail({ file: shown, line: await damagedLine(file.path) }, 'json', 'not valid JSON');
  }
  const line = Number(/Error on Line: (\d+)/.exec(message)?.[1]);
  if (/not utf-8 encoded|Invalid unicode/i.test(message)) {
    throw new DataError(`${shown}: not UTF-8 text (--encoding latin-1 or utf-16, if it is that)`);
  }
  if (/gzip|GZIP|zlib|ZSTD|zstd|unexpected end|corrupt/i.test(message)) {
    throw new DataError(`${shown}: damaged, or not compressed as its name says`);
  }
  if (Number.isNaN(line) || dialect === undefined) throw error;
  const place = { file: shown, line };
  const row =
    /Original Line: ?\n?([\s\S]*?)\n(?:Expected Number|Value with|Possible|Maximum)/.exec(message)?.[1] ?? '';
  const counts = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message);
  if (counts) {
    const fields = row.trim().split(dialect.separator).join(' ');
    fail(place, 'columns', `expected ${counts[1]}, found ${counts[2]} in ${quote(fields)}`);
  }
  if (message.includes('unterminated quote')) {
    const { column, text } = brokenField(row, dialect);
    const right = `"${text.replace(/"/g, '""')}"`;
    fail(
      place,
      column,
      `a quote inside a field must be doubled, and the field quoted: write ${right} for ${quote(text)}`,
    );
  }
  fail(place, 'columns', message.split('\n')[0]);
}

/** DuckDB counts the lines of a part of the file. */
async function damagedLine(path: string): Promise<number> {
  for await (const { line, text } of lines(path)) {
    try {
      JSON.parse(text);
    } catch {
      return line;
    }
  }
  return 1;
}

/** The first field of a row whose quotes don't close, and what it was to be. */
function brokenField(row: string, { separator, columns }: Dialect): { column: string; text: string } {
  const [line] = row.trimStart().split('\n');
  const fields = line.split(separator);
  const index = fields.findIndex((field) => field.startsWith('"') && !/^"(?:[^"]|"")*"$/.test(field));
  const field = fields[Math.max(0, index)];
  // A lone quote is part of the text; otherwise quotes stand around it.
  const text = field.lastIndexOf('"') === 0 ? field : field.replace(/^"/, '').replace(/"$/, '');
  return { column: columns[Math.max(0, index)] ?? 'columns', text };
}
