/**
 * What the texts of new items are like: by the cosine of their words, rare words weighing more (TF-IDF). A
 * new item has from similar ones what it lacks in the memory (`memory/borrowed.ts`).
 */
import type { CatalogueItem } from '../catalogue/item.ts';
import type { Borrowed, Like, Neighbours } from '../memory/borrowed.ts';
import { textOf, wordsOf } from './text.ts';

/** Words of more items than this share tell little, and cost most. */
const MOST_COMMON = 0.05;
/** Trained items that a new one has anything of. */
const NEAREST = 30;
/** Of a cosine: many vague resemblances should not outweigh a close one. */
const POWER = 4;
/** Smaller parts are left out. */
const LEAST_PART = 0.001;

/** The items that have a word, and how much it weighs in each of them. */
interface Posting {
  rarity: number;
  items: number[];
  weights: number[];
}

/** How like a text trained items are: the powers of the cosines. */
interface Compared {
  /** The nearest ones, the nearest first. */
  items: number[];
  likeness: number[];
  /** Of all trained items. */
  sum: number;
}

export class TextNeighbours {
  private readonly postings = new Map<string, Posting>();
  private readonly items: readonly CatalogueItem[];
  /** With the text that was looked at last; 0 for all that are not among `touched`. */
  private readonly cosines: Float64Array;
  private touched: number[] = [];
  /** By trained item, how like it the others are together. */
  private readonly crowds = new Map<number, number>();
  /** Those that were asked for last: most new items stay the same from one change to the next. */
  private known = new Map<string, Compared>();

  constructor(items: readonly CatalogueItem[]) {
    this.items = items;
    this.cosines = new Float64Array(items.length);
    const texts = items.map(wordsOfItem);
    const counts = new Map<string, number>();
    for (const words of texts) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    for (const [word, count] of counts) {
      if (count < 2 || count > MOST_COMMON * items.length) continue;
      this.postings.set(word, { rarity: Math.log(items.length / count), items: [], weights: [] });
    }
    for (const [item, words] of texts.entries()) {
      for (const [posting, weight] of this.weighed(words)) {
        posting.items.push(item);
        posting.weights.push(weight);
      }
    }
  }

  /** What new items with these texts have. */
  borrowed(texts: readonly string[]): Omit<Borrowed, 'followed'> {
    const compared = texts.map((text) => this.known.get(text) ?? this.compare(wordsOf(text)));
    this.known = new Map(texts.map((text, at) => [text, compared[at]]));
    return { neighbours: compared.map(neighboursOf), like: this.like(compared, this.amongThemselves(texts)) };
  }

  /** `among`: of each new item, how like it the other new ones are. */
  private like(
    compared: readonly Compared[],
    among: readonly ReadonlyMap<number, number>[],
  ): Map<number, Like[]> {
    const trained = this.items.length;
    const all = new Map<number, { item: number; likeness: number }[]>();
    const note = (to: number, item: number, likeness: number) => {
      const list = all.get(to) ?? [];
      all.set(to, list);
      list.push({ item, likeness });
    };
    for (const [at, { items, likeness }] of compared.entries()) {
      for (const [place, item] of items.entries()) note(item, trained + at, likeness[place]);
      for (const [other, value] of among[at]) note(trained + other, trained + at, value);
    }
    const like = new Map<number, Like[]>();
    for (const [to, list] of all) {
      const crowd = to < trained ? this.crowd(to) : compared[to - trained].sum;
      const sum = list.reduce((total, { likeness }) => total + likeness, crowd);
      const parts = list.map(({ item, likeness }) => ({ item, part: likeness / sum }));
      like.set(
        to,
        parts.filter(({ part }) => part >= LEAST_PART),
      );
    }
    return like;
  }

  /** How like each other the texts are. */
  private amongThemselves(texts: readonly string[]): Map<number, number>[] {
    const words = texts.map((text) => this.weighed(wordsOf(text)));
    const byWord = new Map<Posting, [text: number, weight: number][]>();
    for (const [at, weighed] of words.entries()) {
      for (const [posting, weight] of weighed) {
        const all = byWord.get(posting) ?? [];
        byWord.set(posting, all);
        all.push([at, weight]);
      }
    }
    return words.map((weighed, at) => {
      const cosines = new Map<number, number>();
      for (const [posting, weight] of weighed) {
        for (const [other, others] of byWord.get(posting)!) {
          if (other !== at) cosines.set(other, (cosines.get(other) ?? 0) + weight * others);
        }
      }
      return new Map([...cosines].map(([other, cosine]) => [other, cosine ** POWER]));
    });
  }

  private crowd(item: number): number {
    const known = this.crowds.get(item);
    if (known !== undefined) return known;
    this.look(wordsOfItem(this.items[item]));
    const crowd = this.sum() - this.cosines[item] ** POWER;
    this.crowds.set(item, crowd);
    return crowd;
  }

  private compare(words: ReadonlySet<string>): Compared {
    this.look(words);
    const { cosines, touched } = this;
    const items = touched.toSorted((a, b) => cosines[b] - cosines[a] || a - b).slice(0, NEAREST);
    return { items, likeness: items.map((item) => cosines[item] ** POWER), sum: this.sum() };
  }

  private sum(): number {
    return this.touched.reduce((total, item) => total + this.cosines[item] ** POWER, 0);
  }

  /** Fills `cosines` and `touched`. */
  private look(words: ReadonlySet<string>): void {
    const { cosines } = this;
    for (const item of this.touched) cosines[item] = 0;
    this.touched = [];
    for (const [{ items, weights }, weight] of this.weighed(words)) {
      for (let at = 0; at < items.length; at++) {
        if (cosines[items[at]] === 0) this.touched.push(items[at]);
        cosines[items[at]] += weight * weights[at];
      }
    }
  }

  /** The known ones of the words, with weights of length 1. */
  private weighed(words: ReadonlySet<string>): (readonly [Posting, weight: number])[] {
    const known = [...words].flatMap((word) => this.postings.get(word) ?? []);
    const length = Math.sqrt(known.reduce((sum, { rarity }) => sum + rarity ** 2, 0)) || 1;
    return known.map((posting) => [posting, posting.rarity / length]);
  }
}

/** None of an item that nobody had. */
function wordsOfItem({ title, categories, count }: CatalogueItem): Set<string> {
  return count > 0 ? wordsOf(textOf(title, categories)) : new Set();
}

function neighboursOf({ items, likeness }: Compared): Neighbours {
  const total = likeness.reduce((sum, value) => sum + value, 0);
  return { items, shares: likeness.map((value) => value / total) };
}
