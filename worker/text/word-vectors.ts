/**
 * Vectors of items that no training has seen, from their words. Building a model fits a vector per word to
 * the trained items' vectors (`scripts/build/words.ts`); the words of a new item point to where an item with
 * such words would have been learned.
 */
import type { ItemTable } from '../engine/item-table.ts';
import { wordsOf } from './text.ts';

/** Words of the training's items, with how much each tells: log(items / items with it). */
export type Vocabulary = readonly (readonly [word: string, rarity: number])[];

export class WordVectors {
  private readonly places: Map<string, { row: number; rarity: number }>;
  /** A vector per word, and a last one that every item has. */
  private readonly table: Pick<ItemTable, 'rows'>;
  private readonly length: number;

  /** `length`: of the vectors that come out. */
  constructor(vocabulary: Vocabulary, table: Pick<ItemTable, 'rows'>, length: number) {
    this.places = new Map(vocabulary.map(([word, rarity], row) => [word, { row, rarity }]));
    this.table = table;
    this.length = length;
  }

  /** The vector of an item with this text (`textOf`). The same text always gives the same bits. */
  vector(text: string): Float32Array {
    const words = [...wordsOf(text)].flatMap((word) => this.places.get(word) ?? []);
    const norm = Math.sqrt(words.reduce((sum, { rarity }) => sum + rarity ** 2, 0)) || 1;
    const all = this.table.rows([...words.map(({ row }) => row), this.places.size]);
    const weights = [...words.map(({ rarity }) => rarity / norm), 1];
    const width = all.length / weights.length;
    const sum = new Float64Array(width);
    for (const [at, weight] of weights.entries()) {
      for (let c = 0; c < width; c++) sum[c] += weight * all[at * width + c];
    }
    const size = Math.sqrt(sum.reduce((total, x) => total + x ** 2, 0)) || 1;
    return Float32Array.from(sum, (x) => (x / size) * this.length);
  }
}
