/** How a text file separates and quotes its fields. Its first line says it, never a guess from its rows. */
import { parse } from 'csv-parse/sync';
import { sqlText } from './database.ts';
import { DataError, fail } from './errors.ts';
import { type DataFile, formatOf } from './files.ts';
import { headOf } from './lines.ts';

export interface Dialect {
  separator: string;
  /** Empty when quotes are ordinary characters. */
  quote: '"' | '';
  /** Whether the first line names the columns. */
  header: boolean;
  columns: string[];
  /** Types that RecBole's header gives: `token`, `token_seq`, `float`, `float_seq`. */
  types?: string[];
  encoding: string;
}

/** Bytes within which the first line ends. */
const HEAD = 64 * 1024;
const SEPARATORS = [',', ';', '\t', '|'];
const RECBOLE = /^(.*):((?:token|float)(?:_seq)?)$/;

/** @throws {DataError} when the file has no first line that names columns, or is in another encoding */
export async function dialectOf(file: DataFile, encoding?: string): Promise<Dialect> {
  const { text, encoding: found } = decode(await readHead(file), file, encoding);
  const first = text.split(/\r\n|\n|\r/).find((line) => line.trim() !== '');
  if (first === undefined) throw new DataError(`${file.shown}: empty`);
  const recbole = formatOf(file.path) === 'recbole';
  const quote = recbole ? '' : '"';
  const separator = recbole || /\.tsv\b/i.test(file.path) ? '\t' : separatorIn(first);
  const names = fieldsOf(first, separator, quote, file);
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) !== i);
  if (twice !== undefined) fail({ file: file.shown, line: 1 }, twice, 'two columns have this name');
  const typed = names.map((name) => RECBOLE.exec(name));
  const columns = names.map((name, i) => typed[i]?.[1] ?? name);
  const types = typed.some(Boolean) ? typed.map((match) => match?.[2] ?? '') : undefined;
  return { separator, quote, header: true, columns, encoding: found, ...(types && { types }) };
}

async function readHead(file: DataFile): Promise<Buffer> {
  return headOf(file.path, HEAD).catch((error: Error) => {
    throw new DataError(`${file.shown}: ${error.message}`);
  });
}

function decode(head: Buffer, { shown }: DataFile, encoding = 'utf-8') {
  if (head[0] === 0xff && head[1] === 0xfe) return { text: head.toString('utf16le', 2), encoding: 'utf-16' };
  if (encoding !== 'utf-8') return { text: head.toString('latin1'), encoding };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: head.length >= HEAD });
    return { text, encoding };
  } catch {
    throw new DataError(`${shown}: not UTF-8 text (--encoding latin-1 or utf-16, if it is that)`);
  }
}

/** The one that occurs most outside of quotes. */
function separatorIn(line: string): string {
  const bare = line.replace(/"[^"]*"/g, '');
  const counts = SEPARATORS.map((separator) => bare.split(separator).length - 1);
  return SEPARATORS[counts.indexOf(Math.max(...counts))];
}

function fieldsOf(line: string, delimiter: string, quote: string, { shown }: DataFile): string[] {
  try {
    const [fields] = parse(line, { delimiter, quote: quote || null, relax_quotes: true });
    return fields.map((name: string) => name.trim());
  } catch {
    return fail({ file: shown, line: 1 }, 'columns', 'a quote is opened and not closed');
  }
}

/** The table expression; its columns are `c0`, `c1` and so on. */
export function csvSource(path: string, { separator, quote, header, columns, encoding }: Dialect): string {
  const types = columns.map((_, i) => `'c${i}': 'VARCHAR'`).join(', ');
  const options = [
    // DuckDB's guesses are right for most files, but silently wrong for some.
    'auto_detect = false',
    `columns = {${types}}`,
    `header = ${header}`,
    `delim = ${sqlText(separator)}`,
    `quote = ${sqlText(quote)}`,
    `escape = ${sqlText(quote)}`,
    `encoding = ${sqlText(encoding)}`,
    "nullstr = ['', '\\N']",
    'strict_mode = true',
  ];
  return `read_csv(${sqlText(path)}, ${options.join(', ')})`;
}
