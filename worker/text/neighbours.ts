/**
 * What the texts of new items are like: by the mean of two cosines, of the titles' words and phrases and of
 * all words, rare ones weighing more (TF-IDF). Titles count by themselves, as long descriptions among the
 * categories would drown what they name. A new item has from similar ones what it lacks in the memory
 * (`memory/borrowed.ts`).
 */
import type { CatalogueItem } from '../catalogue/item.ts';
import type { Borrowed, Like, Neighbours } from '../memory/borrowed.ts';
import { phrasesOf, textOf, wordsOf } from './text.ts';

/** Words of more items than this share tell little, and cost most. */
const MOST_COMMON = 0.05;
/** Trained items that a new one has anything of. */
const NEAREST = 30;
/** Of a mean cosine: many vague resemblances should not outweigh a close one. */
const POWER = 4;
/** Smaller parts are left out. */
const LEAST_PART = 0.001;

/** The items that have a term, and how much it weighs in each of them. */
interface Posting {
  rarity: number;
  items: number[];
  weights: number[];
}

/** What is compared of texts. */
const SETS = [phrasesOf, wordsOf];
type Terms = readonly ReadonlySet<string>[];

/** How like a text trained items are: the powers of the mean cosines. */
interface Compared {
  /** The nearest ones, the nearest first. */
  items: number[];
  likeness: number[];
  /** Of all trained items. */
  sum: number;
}

export class TextNeighbours {
  /** By term, of each set. */
  private readonly postings: Map<string, Posting>[];
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
    const texts = items.map(termsOfItem);
    this.postings = SETS.map((_, set) => emptyPostings(texts.map((terms) => terms[set])));
    for (const [item, terms] of texts.entries()) {
      for (const [posting, weight] of this.weighed(terms)) {
        posting.items.push(item);
        posting.weights.push(weight);
      }
    }
  }

  /** What new items with these texts have. */
  borrowed(texts: readonly string[]): Omit<Borrowed, 'followed'> {
    const compared = texts.map((text) => this.known.get(text) ?? this.compare(termsOf(text)));
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
    const all = texts.map((text) => this.weighed(termsOf(text)));
    const byTerm = new Map<Posting, [text: number, weight: number][]>();
    for (const [at, weighed] of all.entries()) {
      for (const [posting, weight] of weighed) {
        const those = byTerm.get(posting) ?? [];
        byTerm.set(posting, those);
        those.push([at, weight]);
      }
    }
    return all.map((weighed, at) => {
      const cosines = new Map<number, number>();
      for (const [posting, weight] of weighed) {
        for (const [other, others] of byTerm.get(posting)!) {
          if (other !== at) cosines.set(other, (cosines.get(other) ?? 0) + weight * others);
        }
      }
      return new Map([...cosines].map(([other, cosine]) => [other, cosine ** POWER]));
    });
  }

  private crowd(item: number): number {
    const known = this.crowds.get(item);
    if (known !== undefined) return known;
    this.look(termsOfItem(this.items[item]));
    const crowd = this.sum() - this.cosines[item] ** POWER;
    this.crowds.set(item, crowd);
    return crowd;
  }

  private compare(terms: Terms): Compared {
    this.look(terms);
    const { cosines, touched } = this;
    const items = touched.toSorted((a, b) => cosines[b] - cosines[a] || a - b).slice(0, NEAREST);
    return { items, likeness: items.map((item) => cosines[item] ** POWER), sum: this.sum() };
  }

  private sum(): number {
    return this.touched.reduce((total, item) => total + this.cosines[item] ** POWER, 0);
  }

  /** Fills `cosines` and `touched`. */
  private look(terms: Terms): void {
    const { cosines } = this;
    for (const item of this.touched) cosines[item] = 0;
    this.touched = [];
    for (const [{ items, weights }, weight] of this.weighed(terms)) {
      for (let at = 0; at < items.length; at++) {
        if (cosines[items[at]] === 0) this.touched.push(items[at]);
        cosines[items[at]] += weight * weights[at];
      }
    }
  }

  /** The known ones of the terms, with weights of length 1 in all, and the same in each set. */
  private weighed(terms: Terms): (readonly [Posting, weight: number])[] {
    return terms.flatMap((set, at) => {
      const known = [...set].flatMap((term) => this.postings[at].get(term) ?? []);
      const length = Math.sqrt(SETS.length * known.reduce((sum, { rarity }) => sum + rarity ** 2, 0)) || 1;
      return known.map((posting) => [posting, posting.rarity / length] as const);
    });
  }
}

/** Those of a set that tell something. */
function emptyPostings(texts: readonly ReadonlySet<string>[]): Map<string, Posting> {
  const counts = new Map<string, number>();
  for (const terms of texts) for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  const telling = [...counts].filter(([, count]) => count > 1 && count <= MOST_COMMON * texts.length);
  return new Map(
    telling.map(([term, count]) => [
      term,
      { rarity: Math.log(texts.length / count), items: [], weights: [] },
    ]),
  );
}

const termsOf = (text: string): Terms => SETS.map((of) => of(text));

/** None of an item that nobody had. */
function termsOfItem({ title, categories, count }: CatalogueItem): Terms {
  return count > 0 ? termsOf(textOf(title, categories)) : SETS.map(() => new Set());
}

function neighboursOf({ items, likeness }: Compared): Neighbours {
  const total = likeness.reduce((sum, value) => sum + value, 0);
  return { items, shares: likeness.map((value) => value / total) };
}
