import type { CatalogueItem } from './item.ts';

interface Entry {
  item: CatalogueItem;
  title: string;
  words: string[];
}

/** Scripts that put no blanks between words: what is looked for may stand anywhere in a "word". */
const WITHOUT_BLANKS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Finds items by the beginnings of the words in their titles. */
export class TitleSearch {
  private readonly entries: Entry[];

  constructor(items: readonly CatalogueItem[]) {
    this.entries = items.map((item) => {
      const words = wordsOf(item.title);
      return { item, title: words.join(' '), words };
    });
  }

  /**
   * Items whose titles have a word for every word of `query`, in any order: first those whose title begins
   * with the query, then the others, both in the catalogue's order. All items when the query is blank; none
   * when it holds characters, but no word.
   */
  find(query: string): CatalogueItem[] {
    const wanted = wordsOf(query);
    if (wanted.length === 0 && query.trim() !== '') return [];
    const start = wanted.join(' ');
    const matches = this.entries.filter(({ words }) =>
      wanted.every((part) => words.some((word) => matchesWord(word, part))),
    );
    const first = matches.filter(({ title }) => title.startsWith(start));
    const others = matches.filter(({ title }) => !title.startsWith(start));
    return [...first, ...others].map(({ item }) => item);
  }
}

/** A word is found by its beginning; in a script without blanks, by any part of it. */
function matchesWord(word: string, part: string): boolean {
  return WITHOUT_BLANKS.test(part) ? word.includes(part) : word.startsWith(part);
}

/**
 * Lower-case words without accents. An apostrophe is inside a word: "Schindler's" is found by "schindlers".
 */
function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/['’]/g, '');
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}
