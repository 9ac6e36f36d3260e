/**
 * Search over titles and categories that are in memory. There is no index: a pass over 100,000 folded texts
 * takes milliseconds, and an inverted index of them would not fit an isolate (`npm run bench:search`).
 */
import uFuzzy from '@leeoniya/ufuzzy';
import { wordsOf } from './folded-words.ts';
import type { CatalogueItem } from './item.ts';

/** Scripts that put no blanks between words: what is looked for may stand anywhere in a "word". */
const WITHOUT_BLANKS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Shorter queries are not looked for across blanks: they would be found nearly everywhere. */
const SHORTEST_JOINED = 4;

/**
 * Longer words must be right: each letter is a way to be wrong, and the pattern of all of them takes half a
 * second for a word of 200.
 */
const LONGEST_WRONG = 20;

/** One typo per word, in any script; by the library's rules, words of up to three letters must be right. */
const typos = new uFuzzy({
  unicode: true,
  interSplit: '[^\\p{L}\\p{N}]+',
  intraChars: '[\\p{L}\\p{N}]',
  intraMode: 1,
});

export class ItemSearch {
  /** The most popular first. */
  private readonly items: readonly CatalogueItem[];
  /** Folded words with a blank before each: those of the title, a line break, those of the categories. */
  private readonly texts: string[];

  constructor(items: readonly CatalogueItem[]) {
    this.items = items.filter(({ deleted }) => !deleted).sort((a, b) => b.count - a.count);
    this.texts = this.items.map(
      ({ title, categories }) => `${spaced(title)}\n${spaced(categories.join(' '))}`,
    );
  }

  /**
   * Items with a word for every word of `query`, in any order, then those that have it when blanks don't
   * count; when there are none, those that have it but for a typo. Of each, the most popular come first, and
   * before all, a title that is the query. All items when the query is blank; none when it holds no word.
   */
  find(query: string): CatalogueItem[] {
    const words = wordsOf(query);
    if (words.length === 0) return query.trim() === '' ? [...this.items] : [];
    const having = this.withWords(words);
    const title = new RegExp(`^ ${words.join(' ')}( \\d{4})?\n`, 'u');
    const named = having.filter((index) => title.test(this.texts[index]));
    const found = new Set([...named, ...having, ...this.joined(words)]);
    return [...(found.size > 0 ? found : this.withTypos(words))].map((index) => this.items[index]);
  }

  /** A word is found by its beginning; in a script without blanks, by any part of it. */
  private withWords(words: string[]): number[] {
    const parts = words.map((word) => (WITHOUT_BLANKS.test(word) ? word : ` ${word}`));
    return this.where((text) => parts.every((part) => text.includes(part)));
  }

  /** `starwars` is found in "Star Wars", `spider man` in "Spiderman". */
  private joined(words: string[]): number[] {
    const letters = [...words.join('')];
    if (letters.length < SHORTEST_JOINED) return [];
    const anywhere = new RegExp(` ${letters.join(' ?')}`, 'u');
    return this.where((text) => anywhere.test(text));
  }

  private withTypos(words: string[]): number[] {
    if (words.some(({ length }) => length > LONGEST_WRONG)) return [];
    let found = [...this.texts.keys()];
    for (const word of words) if (found.length > 0) found = typos.filter(this.texts, word, found) ?? [];
    return found;
  }

  private where(matches: (text: string) => boolean): number[] {
    const found: number[] = [];
    for (const [index, text] of this.texts.entries()) if (matches(text)) found.push(index);
    return found;
  }
}

function spaced(text: string): string {
  return wordsOf(text)
    .map((word) => ` ${word}`)
    .join('');
}
