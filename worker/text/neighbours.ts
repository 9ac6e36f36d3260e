/**
 * The items of a training whose texts are most like a new item's: by the cosine of their words, rare words
 * weighing more (TF-IDF). A new item borrows from them what they have and it lacks (`memory/borrowed.ts`).
 */
import type { CatalogueItem } from '../catalogue/item.ts';
import { textOf, wordsOf } from './text.ts';

/** Words of more items than this share tell little, and cost most. */
const MOST_COMMON = 0.05;
/** Neighbours of an item. */
const NEAREST = 10;

export interface Neighbours {
  /** Indices of trained items, the nearest first. */
  items: number[];
  /** How much each of them counts: the cubes of the cosines, with a sum of one. */
  shares: number[];
}

export class TextNeighbours {
  /** By word, the items that have it, and how much it weighs in each of them. */
  private readonly postings = new Map<string, { rarity: number; items: number[]; weights: number[] }>();
  private readonly count: number;
  /** Those that were asked for last: most new items stay the same from one change to the next. */
  private known = new Map<string, Neighbours>();

  constructor(items: readonly CatalogueItem[]) {
    this.count = items.length;
    const texts = items.map(({ title, categories, count }) =>
      count > 0 ? wordsOf(textOf(title, categories)) : new Set<string>(),
    );
    const counts = new Map<string, number>();
    for (const words of texts) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    for (const [word, count] of counts) {
      if (count < 2 || count > MOST_COMMON * items.length) continue;
      this.postings.set(word, { rarity: Math.log(items.length / count), items: [], weights: [] });
    }
    for (const [item, words] of texts.entries()) {
      const known = this.knownOf(words);
      const length = lengthOf(known);
      for (const { rarity, items, weights } of known) {
        items.push(item);
        weights.push(rarity / length);
      }
    }
  }

  /** Of each text. */
  all(texts: readonly string[]): Neighbours[] {
    const found = texts.map((text) => this.known.get(text) ?? this.of(text));
    this.known = new Map(texts.map((text, at) => [text, found[at]]));
    return found;
  }

  private of(text: string): Neighbours {
    const words = this.knownOf(wordsOf(text));
    const length = lengthOf(words);
    const cosines = new Float64Array(this.count);
    const touched = new Set<number>();
    for (const { rarity, items, weights } of words) {
      for (let at = 0; at < items.length; at++) {
        cosines[items[at]] += (rarity / length) * weights[at];
        touched.add(items[at]);
      }
    }
    const items = [...touched].sort((a, b) => cosines[b] - cosines[a] || a - b).slice(0, NEAREST);
    const cubes = items.map((item) => cosines[item] ** 3);
    const total = cubes.reduce((sum, cube) => sum + cube, 0);
    return { items, shares: cubes.map((cube) => cube / total) };
  }

  private knownOf(words: ReadonlySet<string>) {
    return [...words].flatMap((word) => this.postings.get(word) ?? []);
  }
}

function lengthOf(words: readonly { rarity: number }[]): number {
  return Math.sqrt(words.reduce((sum, { rarity }) => sum + rarity ** 2, 0)) || 1;
}
