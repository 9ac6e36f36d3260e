import type { CatalogueItem } from './item.ts';

interface Entry {
  item: CatalogueItem;
  title: string;
  words: string[];
}

/** Finds items by the beginnings of the words of their titles. */
export class TitleSearch {
  private readonly entries: Entry[];

  constructor(items: readonly CatalogueItem[]) {
    this.entries = items.map((item) => {
      const words = wordsOf(item.title);
      return { item, title: words.join(' '), words };
    });
  }

  /**
   * Items of which every word of `query` begins a word of the title, in any order: first those whose title begins
   * with the query, then the others, both in the catalogue's order. Without words all items match.
   */
  find(query: string): CatalogueItem[] {
    const wanted = wordsOf(query);
    const start = wanted.join(' ');
    const matches = this.entries.filter(({ words }) =>
      wanted.every((prefix) => words.some((word) => word.startsWith(prefix))),
    );
    const first = matches.filter(({ title }) => title.startsWith(start));
    const others = matches.filter(({ title }) => !title.startsWith(start));
    return [...first, ...others].map(({ item }) => item);
  }
}

/** Lower-case words without accents. An apostrophe is inside a word: "Schindler's" is found by "schindlers". */
function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/['’]/g, '');
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}
