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
  /** Of each set, the row of a term. Few arrays have the rest: objects for each term took far more memory. */
  private readonly rows: Map<string, number>[];
  /** By row. */
  private readonly rarity: Float64Array;
  /** Where a row's entries begin; a last one says where all end. */
  private readonly starts: Uint32Array;
  /** By entry, an item that has the term, and how much it weighs there. */
  private readonly having: Uint32Array;
  private readonly weights: Float64Array;
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
    const rarity: number[] = [];
    const starts = [0];
    this.rows = SETS.map((termsOf) => {
      const rows = new Map<string, number>();
      for (const [term, count] of countsOf(items, termsOf)) {
        if (count < 2 || count > MOST_COMMON * items.length) continue;
        rows.set(term, rarity.length);
        starts.push(starts[rarity.length] + count);
        rarity.push(Math.log(items.length / count));
      }
      return rows;
    });
    this.rarity = Float64Array.from(rarity);
    this.starts = Uint32Array.from(starts);
    this.having = new Uint32Array(starts[rarity.length]);
    this.weights = new Float64Array(this.having.length);
    const next = this.starts.slice();
    // Split again rather than kept: all items' terms at once would fill an isolate.
    for (const [item, of] of items.entries()) {
      for (const [row, weight] of this.weighed(termsOfItem(of))) {
        this.having[next[row]] = item;
        this.weights[next[row]++] = weight;
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
    const byTerm = new Map<number, [text: number, weight: number][]>();
    for (const [at, weighed] of all.entries()) {
      for (const [row, weight] of weighed) {
        const those = byTerm.get(row) ?? [];
        byTerm.set(row, those);
        those.push([at, weight]);
      }
    }
    return all.map((weighed, at) => {
      const cosines = new Map<number, number>();
      for (const [row, weight] of weighed) {
        for (const [other, others] of byTerm.get(row)!) {
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
    const { cosines, starts, having, weights } = this;
    for (const item of this.touched) cosines[item] = 0;
    this.touched = [];
    for (const [row, weight] of this.weighed(terms)) {
      for (let at = starts[row]; at < starts[row + 1]; at++) {
        const item = having[at];
        if (cosines[item] === 0) this.touched.push(item);
        cosines[item] += weight * weights[at];
      }
    }
  }

  /** Rows of the terms that are known, with weights of length 1 in all, and the same in each set. */
  private weighed(terms: Terms): (readonly [row: number, weight: number])[] {
    const { rarity } = this;
    return terms.flatMap((set, at) => {
      const known = [...set].flatMap((term) => this.rows[at].get(term) ?? []);
      const length = Math.sqrt(SETS.length * known.reduce((sum, row) => sum + rarity[row] ** 2, 0)) || 1;
      return known.map((row) => [row, rarity[row] / length] as const);
    });
  }
}

/** How many items that someone had have each term. */
function countsOf(items: readonly CatalogueItem[], termsOf: (text: string) => Set<string>) {
  const counts = new Map<string, number>();
  for (const { title, categories, count } of items) {
    if (count === 0) continue;
    for (const term of termsOf(textOf(title, categories))) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  return counts;
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
