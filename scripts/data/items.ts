/** Readers of item files: `items.jsonl`, `items.csv`, RecBole's `.item`. */
import { Catalogue } from './catalogue.ts';
import { fail, type Place } from './errors.ts';
import { isJsonLines, isRecBole, jsonLines, tableRows } from './rows.ts';
import type { Source } from './source.ts';

/** Accepted names of a column, in order of preference. */
const ID_COLUMNS = ['id', 'item_id'];
const TITLE_COLUMNS = ['title', 'movie_title', 'name'];
const CATEGORY_COLUMNS = ['categories', 'genre', 'class'];

/**
 * Reads an item file; its name says which of the three kinds it is.
 * @throws {DataError} at a malformed or repeated item
 */
export async function readItems(source: Source): Promise<Catalogue> {
  return isJsonLines(source.file) ? readJsonLines(source) : readTable(source);
}

async function readJsonLines(source: Source): Promise<Catalogue> {
  const catalogue = new Catalogue();
  for await (const { place, object } of jsonLines(source)) {
    const { id, title, categories, ...others } = object;
    const extra: Record<string, string> = {};
    for (const [field, value] of Object.entries(others)) {
      if (typeof value === 'string') extra[field] = value;
      else if (value !== null) catalogue.leftOut.set(field, (catalogue.leftOut.get(field) ?? 0) + 1);
    }
    const item = {
      id,
      title: checkTitle(title, place),
      categories: checkCategories(categories, place),
      extra,
    };
    catalogue.add(item, place);
  }
  return catalogue;
}

function checkTitle(title: unknown, place: Place): string | undefined {
  if (typeof title === 'string') return title;
  if (title !== undefined && title !== null) fail(place, 'title', `expected text, found ${typeof title}`);
}

function checkCategories(value: unknown, place: Place): string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  fail(place, 'categories', 'expected an array of text');
}

/**
 * A table of items, its columns recognized by name. Categories are separated by `|` in CSV and by a space in
 * RecBole's files (a `token_seq`). All other columns are kept as text.
 */
async function readTable(source: Source): Promise<Catalogue> {
  const catalogue = new Catalogue();
  const separator = isRecBole(source.file) ? ' ' : '|';
  let columns: ItemColumns | undefined;
  for await (const { line, header, fields } of tableRows(source)) {
    const place = { file: source.file, line };
    columns ??= findColumns(header, source.file);
    const extra = Object.fromEntries(columns.others.map((i) => [header[i], fields[i]]));
    const categories = fields[columns.categories]?.split(separator);
    catalogue.add({ id: fields[columns.id], title: fields[columns.title], categories, extra }, place);
  }
  return catalogue;
}

interface ItemColumns {
  id: number;
  title: number;
  categories: number;
  others: number[];
}

/** Positions of the columns; -1 if the table has no title or no categories. */
function findColumns(header: string[], file: string): ItemColumns {
  const first = (names: string[]) => names.map((name) => header.indexOf(name)).find((i) => i >= 0) ?? -1;
  const found = { id: first(ID_COLUMNS), title: first(TITLE_COLUMNS), categories: first(CATEGORY_COLUMNS) };
  if (found.id < 0) fail({ file, line: 1 }, 'id', `no such column, only ${header.join(', ')}`);
  const taken = Object.values(found);
  return { ...found, others: [...header.keys()].filter((i) => !taken.includes(i)) };
}
