/** A loaded model: what rankers work with. Runs in workerd, Node and browsers alike. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { CatalogueItem } from '../catalogue/item.ts';
import { ListedCatalogue } from '../catalogue/listed-catalogue.ts';
import { type BeamOptions, beamSearch } from '../engine/beam-search.ts';
import { Best } from '../engine/best.ts';
import type { CodedTable } from '../engine/coded-table.ts';
import {
  type Backend,
  type GraphName,
  ITEM_TABLE_FILE,
  type ModelConfig,
  WEIGHTS_FILE,
} from '../engine/config.ts';
import { Decoder, type HistoryState, type Sessions } from '../engine/decoder.ts';
import { ExtendedTable } from '../engine/extended-table.ts';
import { type ItemTable, itemTableLayout, StoredItemTable } from '../engine/item-table.ts';
import { logSoftmax, type Ranked, ranked } from '../engine/ranking.ts';
import { type ExternalData, LaterSession, type Runtime } from '../engine/runtime.ts';
import { itemOf } from '../engine/token.ts';
import { Trie } from '../engine/trie.ts';
import { type EventMeaning, EventTypes } from '../events/event-types.ts';
import type { LiveView } from '../live/live-view.ts';
import { Affinities } from '../memory/affinities.ts';
import { Memory } from '../memory/memory.ts';
import { StoredTransitions } from '../memory/stored-transitions.ts';
import { type Vocabulary, WordVectors } from '../text/word-vectors.ts';
import { damaged, proper } from './damaged.ts';
import { type AssetSource, readAhead, readManifest, readPieces, readVerified } from './files.ts';
import { loadLarge } from './large.ts';
import { filesOf, graphsFor, type Manifest } from './manifest.ts';
import { ROW_SHARDS, shardReader } from './shards.ts';

/** Every method throws ModelUnavailable when the runtime fails. */
export interface Model {
  readonly manifest: Manifest;
  readonly catalogue: Catalogue;
  /** The tree of semantic IDs. A model of a large catalogue has none. */
  readonly trie?: Trie;
  /** What followed what, beside the decoder. */
  readonly memory?: Memory;
  /** Vectors of items that the training has not seen. A model may have none, and then does without them. */
  readonly words?: WordVectors;
  /** What has been said and done since the training; undefined outside of the service. */
  readonly live?: LiveView;
  /** The types of events that it tells apart, if any. */
  readonly events?: EventTypes;
  /**
   * The state of `past`'s history with `items` (tokens, oldest first) appended. In int8 it is byte for byte
   * the state that a prefill of the whole history gives. The caller keeps to the context window.
   */
  prefill(items: readonly number[], past?: HistoryState): Promise<HistoryState>;
  /** Whether the state has the shapes that `prefill` gives. */
  accepts(state: HistoryState): boolean;
  /**
   * Log-probability of every item as the next one, [items], from its vector (L2D, arXiv 2509.11524), where
   * the next event is of type `target`. @default the target of the manifest
   */
  itemLogProbs(state: HistoryState, target?: string): Promise<Float32Array>;
  /**
   * In a catalogue that is too large to score every item for a list: the trained items as codes, and the
   * vectors of items that came later. Undefined in others.
   */
  readonly coded?: { table: CodedTable; added: readonly Float32Array[] };
  /** The items whose semantic IDs a beam search finds, best first. */
  beamSearch(state: HistoryState, options: ListOptions): Promise<Ranked[]>;
  /** The vector of every item. */
  itemTable(): ItemTable;
  /** The same model as of now. It shares everything that is not given. */
  extended(now: Extension): Model;
}

/**
 * The same model, whose memory has at hand what follows this history. Throws ModelUnavailable when it can't
 * be read.
 */
export async function modelAt<Of extends Model>(model: Of, history: readonly number[]): Promise<Of> {
  const memory = await model.memory?.at(history);
  return memory === model.memory ? model : Object.create(model, { memory: { value: memory } });
}

/** How to search for a list. */
export interface ListOptions extends Omit<BeamOptions, 'shift'> {
  /** The type of the next event. @default the target of the manifest */
  target?: string;
}

/** What a model is extended with. */
export interface Extension {
  /** @default the trained one */
  manifest?: Manifest;
  /** The trained items at their indices, then one per added vector. */
  catalogue: Catalogue;
  added: readonly Float32Array[];
  memory?: Memory;
  live?: LiveView;
}

export class EarnModel implements Model {
  readonly manifest: Manifest;
  readonly catalogue: Catalogue;
  readonly trie?: Trie;
  readonly decoder: Decoder;
  readonly memory?: Memory;
  readonly words?: WordVectors;
  readonly live?: LiveView;
  readonly events?: EventTypes;
  readonly coded?: Model['coded'];
  private readonly table: ItemTable;

  constructor(parts: ModelParts) {
    this.manifest = parts.manifest;
    this.catalogue = parts.catalogue;
    this.trie = parts.trie;
    this.decoder = parts.decoder;
    this.table = parts.table;
    this.memory = parts.memory;
    this.words = parts.words;
    this.live = parts.live;
    this.events = parts.events;
    this.coded = parts.coded;
  }

  prefill(items: readonly number[], past?: HistoryState): Promise<HistoryState> {
    if (this.events === undefined) return this.decoder.prefill(this.table.rows(items), past);
    const rows = this.table.rows(items.map(itemOf));
    this.events.addTo(rows, items);
    return this.decoder.prefill(rows, past);
  }

  accepts(state: HistoryState): boolean {
    return this.decoder.accepts(state);
  }

  async itemLogProbs(state: HistoryState, target?: string): Promise<Float32Array> {
    const final = this.events?.aimed(state.final, target) ?? state.final;
    const trained = this.coded
      ? logSoftmax(this.coded.table.logits(final))
      : await this.decoder.score({ ...state, final });
    const { table } = this;
    return table instanceof ExtendedTable ? table.extended(trained, final) : trained;
  }

  /** Items without a semantic ID are offered with their log-probabilities by vector. */
  async beamSearch(state: HistoryState, { target, ...options }: ListOptions): Promise<Ranked[]> {
    const shift = this.events?.codeShift(target);
    const found = await beamSearch(this.decoder, this.trie!, state, { ...options, shift });
    const { items } = this.manifest.config;
    if (this.catalogue.size === items) return found;
    const best = new Best(options.k);
    for (const { item, score } of found) best.offer(item, score);
    const logProbs = await this.itemLogProbs(state, target);
    for (let item = items; item < logProbs.length; item++) {
      if (options.allowed[item]) best.offer(item, logProbs[item] + (options.bonus?.[item] ?? 0));
    }
    return ranked(best);
  }

  itemTable(): ItemTable {
    return this.table;
  }

  extended({ manifest = this.manifest, catalogue, added, memory = this.memory, live }: Extension): EarnModel {
    const table =
      added.length > 0 ? new ExtendedTable(this.table, this.manifest.config.items, added) : this.table;
    const coded = this.coded && { ...this.coded, added };
    return new EarnModel({ ...this, manifest, catalogue, table, memory, live, coded });
  }
}

/** Rankers that search with the decode graph. With others its session waits until someone searches. */
const SEARCHING: ReadonlySet<string> = new Set(['beam', 'hybrid']);

/** What a model consists of. */
export interface ModelParts
  extends Pick<Model, 'manifest' | 'catalogue' | 'trie' | 'memory' | 'words' | 'live' | 'events' | 'coded'> {
  decoder: Decoder;
  table: ItemTable;
}

/**
 * Loads and verifies everything. Throws ModelUnavailable with the reason when anything is not as it should
 * be.
 */
export async function loadModel(
  files: AssetSource,
  runtime: Runtime,
  backend: Backend = runtime.backend,
): Promise<EarnModel> {
  const manifest = await readManifest(files);
  const source = readAhead(files, filesOf(manifest, [backend]));
  const { config, precision, large } = manifest;
  const items = large ? await loadLarge(source, large, config) : await listedItems(source, manifest);
  const memory = manifest.memory && (await memoryOf(source, manifest.memory, config));
  const words = manifest.words && (await wordsOf(source, manifest.words, config));
  const events =
    manifest.events && eventsOf(await readVerified(source, manifest.events.table), manifest.events, config);
  const weights = { [WEIGHTS_FILE]: await readPieces(source, manifest.shards) };
  const graphs = graphsFor(backend, manifest);
  /** How to make a graph's session, once its file was read and checked. */
  const maker = async (name: GraphName, data: ExternalData) => {
    const graph = await readVerified(source, graphs[name]!);
    return () => runtime.createSession(graph, data, name in manifest.webgpu ? backend : 'wasm');
  };
  // The score session comes first. After a larger one V8 is busy compiling onnxruntime's code, and
  // transposing the table took 30 ms in workerd instead of 4.
  const sessions: Sessions =
    items.table instanceof StoredItemTable
      ? {
          score: await (await maker('score', { [ITEM_TABLE_FILE]: items.table.transposed() }))(),
          prefill: await (await maker('prefill', weights))(),
          decode: new LaterSession(await maker('decode', weights)),
        }
      : { prefill: await (await maker('prefill', weights))() };
  if (SEARCHING.has(manifest.ranker)) await sessions.decode?.get();
  const decoder = new Decoder(runtime, config, backend === 'wasm' ? precision : 'float32', sessions);
  return new EarnModel({ manifest, ...items, decoder, memory, words, events });
}

/** The items of a catalogue that is in memory as a whole. */
async function listedItems(source: AssetSource, manifest: Manifest) {
  const { config, precision } = manifest; // it has these files, or `large`
  const catalogue = catalogueOf(await readVerified(source, manifest.catalogue!), config);
  const trie = trieOf(await readVerified(source, manifest.semanticIds!), config);
  const table = new StoredItemTable(await readPieces(source, manifest.itemTable!), config, precision);
  return { catalogue, trie, table };
}

/** The file has the manifest's hash, so a wrong one is the builder's mistake. */
function catalogueOf(bytes: Uint8Array, { items }: ModelConfig): ListedCatalogue {
  const list: CatalogueItem[] = JSON.parse(new TextDecoder().decode(bytes));
  if (list.length !== items)
    throw damaged(`the catalogue has ${list.length} items, config.items is ${items}`);
  return new ListedCatalogue(list);
}

function trieOf({ buffer }: Uint8Array<ArrayBuffer>, { levels, codebook }: ModelConfig): Trie {
  return proper(() => new Trie(new Uint16Array(buffer), levels, codebook));
}

async function memoryOf(
  source: AssetSource,
  { shards, rows, affinities, ...options }: NonNullable<Manifest['memory']>,
  { items }: ModelConfig,
): Promise<Memory> {
  const transitions = rows
    ? new StoredTransitions(items, shardReader(source, ROW_SHARDS, await readPieces(source, rows)))
    : await readPieces(source, shards!); // every memory has one of both
  const pairs = affinities && (await readPieces(source, affinities.shards));
  return proper(() => {
    const parts = pairs && { affinities: new Affinities(pairs, items, affinities!) };
    return new Memory(transitions, items, options, parts);
  });
}

async function wordsOf(
  source: AssetSource,
  { vocabulary, vectors, length }: NonNullable<Manifest['words']>,
  { width }: ModelConfig,
): Promise<WordVectors> {
  const words: Vocabulary = JSON.parse(new TextDecoder().decode(await readVerified(source, vocabulary)));
  const shape = { items: words.length + 1, width };
  const bytes = await readPieces(source, vectors);
  if (bytes.length !== itemTableLayout(shape, 'int8').bytes) {
    throw damaged(`there are ${words.length} words, and another number of vectors`);
  }
  return new WordVectors(words, new StoredItemTable(bytes, shape, 'int8'), length);
}

function eventsOf({ buffer }: Uint8Array<ArrayBuffer>, meaning: EventMeaning, config: ModelConfig) {
  return proper(() => new EventTypes(meaning, new Float32Array(buffer), config));
}
