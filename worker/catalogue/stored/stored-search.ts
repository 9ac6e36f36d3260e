/** Finds items of a catalogue that is not in memory by their words. */
import { wordsOf } from '../folded-words.ts';
import type { CatalogueItem } from '../item.ts';
import type { StoredCatalogue } from './stored-catalogue.ts';
import type { WordMatch } from './word-index.ts';

/** Items whose words are read where the index has only the most popular of a word. */
const MOST_READ = 256;

/**
 * Indices of the items with a word for every word of `query`, the most popular first; null when the query is
 * blank and so means all. Where every word is in very many items, only the most popular ones are found.
 */
export async function findStored(catalogue: StoredCatalogue, query: string): Promise<number[] | null> {
  const words = wordsOf(query);
  if (words.length === 0) return query.trim() === '' ? null : [];
  const matches = await catalogue.words.find(words);
  const said = catalogue.saidOf();
  const rarest = matches.reduce((a, b) => (b.items.size < a.items.size ? b : a));
  const [sure, unsure]: [number[], number[]] = [[], []];
  for (const item of rarest.items) {
    if (said.has(item)) continue;
    const lacking = matches.filter(({ items }) => !items.has(item));
    if (lacking.length === 0) sure.push(item);
    else if (lacking.every(({ complete }) => !complete)) unsure.push(item);
  }
  const byCount = (a: number, b: number) => catalogue.countOf(b) - catalogue.countOf(a) || a - b;
  const read = [...unsure.sort(byCount).slice(0, MOST_READ), ...said];
  const itemAt = await catalogue.read(read);
  const found = read.filter((item) => hasAll(itemAt(item), matches));
  return [...sure, ...found].sort(byCount);
}

function hasAll({ title, categories, deleted }: CatalogueItem, matches: readonly WordMatch[]): boolean {
  const own = wordsOf(`${title} ${categories.join(' ')}`);
  return !deleted && matches.every(({ word }) => own.some((each) => each.startsWith(word)));
}
