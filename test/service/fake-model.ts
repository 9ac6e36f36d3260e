import { arraysOf } from '../../worker/cache/state-codec.ts';
import type { Catalogue } from '../../worker/catalogue/catalogue.ts';
import { ListedCatalogue } from '../../worker/catalogue/listed-catalogue.ts';
import type { BeamOptions } from '../../worker/engine/beam-search.ts';
import type { HistoryState } from '../../worker/engine/decoder.ts';
import { toHex } from '../../worker/engine/hex.ts';
import type { ItemTable } from '../../worker/engine/item-table.ts';
import { bestItems } from '../../worker/engine/ranking.ts';
import { itemOf, typeOf } from '../../worker/engine/token.ts';
import { Trie } from '../../worker/engine/trie.ts';
import type { EventTypes } from '../../worker/events/event-types.ts';
import type { Memory } from '../../worker/memory/memory.ts';
import { MANIFEST_FORMAT, type Manifest, type ModelFile } from '../../worker/models/manifest.ts';
import type { Extension, Model } from '../../worker/models/model.ts';
import { WordVectors } from '../../worker/text/word-vectors.ts';

const TITLES = [
  'Toy Story (1995)',
  'Matrix, The (1999)',
  'Misérables, Les (1995)',
  "Schindler's List (1993)",
  'Story of Us, The (1999)',
  'Toy Story 2 (1999)',
  'Alien³ (1992)',
  'Fargo (1996)',
  'Casablanca (1942)',
  'Rear Window (1954)',
  'Jaws (1975)',
  'Amadeus (1984)',
];

const file = (path: string): ModelFile => ({
  path,
  bytes: 1,
  sha256: toHex(new TextEncoder().encode(path)).padEnd(64, '0').slice(0, 64),
});

export const MANIFEST: Manifest = {
  format: MANIFEST_FORMAT,
  id: 'fa4efa4efa4efa4e',
  stateId: 'fa4efa4efa4efa4e',
  catalogueId: 'fa4efa4efa4efa4e',
  name: 'twelve-films',
  noun: 'film',
  precision: 'int8',
  config: {
    items: TITLES.length,
    levels: 2,
    codebook: 4,
    depth: 4,
    registerDepth: 1,
    localWindow: 0,
    width: 8,
    heads: 1,
    headDim: 8,
    ffn: 16,
    contextWindow: 4,
  },
  training: { seed: 1 },
  validation: { parameters: 0 },
  ranker: 'beam',
  includeSeen: false,
  graphs: { prefill: file('prefill.onnx'), score: file('score.onnx'), decode: file('decode.onnx') },
  webgpu: { prefill: file('prefill.webgpu.onnx'), decode: file('decode.webgpu.onnx') },
  shards: [file('weights-0.bin')],
  catalogue: file('catalogue.json'),
  semanticIds: { ...file('semantic-ids.bin'), bytes: 2 * 2 * TITLES.length },
  itemTable: [{ ...file('item-table-0.bin'), bytes: 128 + 4 * TITLES.length }],
};

/** Every third film is a comedy, every fifth a western, and the first is for children besides. */
function categoriesOf(index: number): string[] {
  const names = [index % 3 === 0 && 'Comedy', index % 5 === 0 && 'Western', index === 0 && "Children's"];
  return ['Drama', ...names.filter((name) => name !== false)];
}

interface FakeOptions {
  /** 16 hex digits. */
  id?: string;
  /** 16 hex digits. @default `id` */
  stateId?: string;
  memory?: Memory;
  events?: EventTypes;
  titles?: string[];
  window?: number;
  precision?: Manifest['precision'];
}

/** Bytes that stand for an item in a state. */
const ITEM_BYTES = 2;

/**
 * Films with the ids 1, 2, 3 and so on, and a window of four. A state spells out the items that it is of. The
 * list begins with the newest film and goes round the catalogue; the scores tell apart any two states, and a
 * state with a wrong byte from the right one. The most popular film is the one with the id 8, then 3, 10 and
 * so on.
 */
export class FakeModel implements Model {
  readonly manifest: Manifest;
  readonly catalogue: Catalogue;
  readonly trie: Trie;
  readonly memory?: Memory;
  readonly events?: EventTypes;
  /** The items of each prefill, in the order of the calls. */
  readonly prefills: number[][] = [];
  /** Counted by the model and all its extensions. */
  private readonly counted = { searches: 0 };
  /** Knows no word: every new film gets the same vector. */
  readonly words?: WordVectors = new WordVectors([], { rows: () => Float32Array.of(1) }, 1);
  readonly live?: Model['live'];

  constructor({
    id = MANIFEST.id,
    stateId = id,
    memory,
    events,
    titles = TITLES,
    window = 4,
    precision = 'int8',
  }: FakeOptions = {}) {
    const config = { ...MANIFEST.config, items: titles.length, contextWindow: window };
    this.manifest = { ...MANIFEST, id, stateId, precision, config };
    this.memory = memory;
    this.events = events;
    const codes = titles.flatMap((_, index) => [index >> 2, index & 3]);
    this.trie = new Trie(Uint16Array.from(codes), config.levels, config.codebook);
    this.catalogue = new ListedCatalogue(
      titles.map((title, index) => ({
        id: String(index + 1),
        title,
        categories: categoriesOf(index),
        count: (index * 5) % 12,
      })),
    );
  }

  /** The same model after one more training, which has seen these films too. */
  static later(...titles: string[]): FakeModel {
    return new FakeModel({ id: '1a7e41a7e41a7e41', titles: [...TITLES, ...titles] });
  }

  /** Lists that were searched for. */
  get searches(): number {
    return this.counted.searches;
  }

  /** Everything that is not given is this model's own, the counts too. */
  extended({ added: _, ...now }: Extension): FakeModel {
    const given = Object.entries(now).filter(([, value]) => value !== undefined);
    return Object.create(
      this,
      Object.fromEntries(given.map(([name, value]) => [name, { value, enumerable: true }])),
    );
  }

  /** Items that were prefilled so far. */
  get prefilled(): number {
    return this.prefills.reduce((sum, { length }) => sum + length, 0);
  }

  async prefill(items: readonly number[], past?: HistoryState): Promise<HistoryState> {
    this.prefills.push([...items]);
    const NumberArray = this.manifest.precision === 'int8' ? Int8Array : Float32Array;
    const added = items.flatMap((token) => [itemOf(token), typeOf(token)]);
    const keyValues = NumberArray.from([...(past?.keyValues ?? []), ...added]);
    const sum = this.sumOf(keyValues);
    return {
      length: keyValues.length / ITEM_BYTES,
      keyValues,
      slidingKeyValues: NumberArray.of(),
      localKeyValues: NumberArray.of(sum & 127, (sum >> 7) & 127),
      final: Float32Array.of(sum, keyValues.length),
      codeLogits: Float32Array.of(-sum),
    };
  }

  accepts(state: HistoryState): boolean {
    const sizes = arraysOf(state).map(({ length }) => length);
    return sizes.join() === [2, 1, 2, 0, ITEM_BYTES * state.length].join();
  }

  async itemLogProbs(state: HistoryState) {
    const { length } = this.catalogue.items!;
    const scores = new Float32Array(length);
    const options = { k: length, beam: length, allowed: new Uint8Array(length).fill(1) };
    for (const { item, score } of await this.beamSearch(state, options)) scores[item] = score;
    return scores;
  }

  async beamSearch(
    { keyValues, localKeyValues, final, codeLogits }: HistoryState,
    { k, allowed }: BeamOptions,
  ) {
    this.counted.searches++;
    const count = this.catalogue.items!.length;
    const newest = keyValues.length > 0 ? keyValues[keyValues.length - ITEM_BYTES] : 0;
    const spread = this.sumOf([...keyValues, ...localKeyValues, ...final, ...codeLogits]) / 2 ** 32;
    return Array.from({ length: count }, (_, step) => (newest + step) % count)
      .filter((item) => allowed[item] === 1)
      .slice(0, k)
      .map((item, place) => ({ item, score: -1 - place - spread }));
  }

  /** The films nearest in the catalogue. */
  itemTable(): ItemTable {
    const cosines = (vector: Float32Array) =>
      Float64Array.from(this.catalogue.items!, (_, other) => 1 - Math.abs(other - vector[0]) / 10);
    return {
      width: 1,
      rows: (items) => Float32Array.from(items),
      cosines,
      nearest: (item, allowed, k) => {
        const others = allowed.slice();
        others[item] = 0;
        return bestItems(cosines(Float32Array.of(item)), others, k);
      },
    };
  }

  /** FNV-1a over what the model's states depend on and the numbers, from 0 to 2^32 - 1. */
  private sumOf(numbers: Iterable<number>): number {
    let sum = Number.parseInt(this.manifest.stateId.slice(0, 8), 16);
    for (const number of numbers) sum = Math.imul(sum ^ number, 0x01000193);
    return sum >>> 0;
  }
}
