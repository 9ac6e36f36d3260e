/** Shows a table before it is read: its columns, what each is taken for, and its first rows. */
import type { Database } from './database.ts';
import { quote } from './errors.ts';
import { readFailure } from './read-failure.ts';
import { firstRecords } from './records.ts';
import type { Source } from './table.ts';

const ROWS = 3;

/**
 * @param roles columns by what they are taken for
 * @param properties columns that are kept under their own name
 */
export async function* describeTable(
  db: Database,
  sources: Source[],
  roles: Record<string, string | undefined>,
  properties: string[],
): AsyncGenerator<string> {
  const [source] = sources;
  const { file, columns } = source;
  const rows = await firstRows(db, source);
  const taken = new Map(Object.entries(roles).map(([role, column]) => [column, role]));
  const table = columns.map((column, i) => {
    const role = taken.get(column) ?? (properties.includes(column) ? 'property' : 'not used');
    return [column, role, rows.map((row) => shown(row[i])).join(', ')];
  });
  const widths = [0, 1].map((i) => Math.max(...table.map((row) => row[i].length)));
  const parts = sources.length > 1 ? ` and ${sources.length - 1} more` : '';
  yield `${file.shown}${parts}`;
  for (const [column, role, samples] of table) {
    yield `  ${column.padEnd(widths[0])}  ${role.padEnd(widths[1])}  ${samples}`.trimEnd();
  }
}

/** A damaged file shows what it can; the reading itself will name what is wrong. */
async function firstRows(db: Database, { file, columns, from, text, dialect }: Source) {
  if (dialect) return firstRecords(file.path, dialect, ROWS);
  const values = columns.map((column, i) => `${text(column)} AS v${i}`).join(', ');
  const rows = await db
    .rows<Record<string, string | null>>(`SELECT ${values} FROM ${from} LIMIT ${ROWS}`)
    .catch((error: Error) => readFailure(error, file));
  return rows.map((row) => Object.values(row));
}

const shown = (value: string | null | undefined): string => {
  if (value === null || value === undefined || value === '') return '(none)';
  const short = value.length > 30 ? `${value.slice(0, 30)}…` : value;
  return quote(short).slice(1, -1).replaceAll('\\"', '"');
};
