/**
 * Search over titles and categories that are not in memory: for every word, the items that have it, in small
 * files by the word's first letters. It finds whole words and their beginnings, without typos.
 */
import { wordsOf } from '../folded-words.ts';
import { idHash } from '../id-hash.ts';
import type { ReadShard } from './kept-rows.ts';

/** Of a word in more items, the most popular are listed. */
export const MOST_PER_WORD = 512;
/** Words with these letters in common are in one file. Shorter queries find whole words alone. */
const LETTERS = 3;
/** Words per file, about. */
const WORDS_PER_SHARD = 256;

/** Items by word, the most popular first. `null` at the end: there are more. */
type Shard = Record<string, (number | null)[]>;

/** Items with a word of a query. */
export interface WordMatch {
  word: string;
  items: Set<number>;
  /** Whether there are no others. */
  complete: boolean;
}

const shardOf = (word: string, shards: number) => idHash([...word].slice(0, LETTERS).join('')) % shards;

export class WordIndex {
  private readonly shards: number;
  private readonly readShard: ReadShard;

  constructor(shards: number, readShard: ReadShard) {
    this.shards = shards;
    this.readShard = readShard;
  }

  /** The items of each word. Throws what reading throws. */
  find(words: readonly string[]): Promise<WordMatch[]> {
    return Promise.all([...new Set(words)].map((word) => this.match(word)));
  }

  private async match(word: string): Promise<WordMatch> {
    const bytes = await this.readShard(shardOf(word, this.shards));
    const shard: Shard = JSON.parse(new TextDecoder().decode(bytes));
    const isWhole = [...word].length < LETTERS;
    const match: WordMatch = { word, items: new Set(), complete: true };
    for (const [known, items] of Object.entries(shard)) {
      if (isWhole ? known !== word : !known.startsWith(word)) continue;
      for (const item of items) {
        if (item === null) match.complete = false;
        else match.items.add(item);
      }
    }
    return match;
  }
}

/** The files of these items. */
export function wordShards(
  items: readonly { title: string; categories: readonly string[]; count: number }[],
): Uint8Array[] {
  const byWord = new Map<string, (number | null)[]>();
  const popular = [...items.keys()].sort((a, b) => items[b].count - items[a].count || a - b);
  for (const item of popular) {
    for (const word of new Set(wordsOf(`${items[item].title} ${items[item].categories.join(' ')}`))) {
      const others = byWord.get(word) ?? [];
      byWord.set(word, others);
      if (others.length < MOST_PER_WORD) others.push(item);
      else if (others.length === MOST_PER_WORD) others.push(null);
    }
  }
  const count = Math.ceil(byWord.size / WORDS_PER_SHARD) || 1;
  const shards = Array.from({ length: count }, () => [] as [string, (number | null)[]][]);
  for (const entry of byWord) shards[shardOf(entry[0], count)].push(entry);
  return shards.map((entries) => new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries))));
}
