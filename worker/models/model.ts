/** A loaded model: what rankers work with. Runs in workerd, Node and browsers alike. */
import { Catalogue } from '../catalogue/catalogue.ts';
import type { CatalogueItem } from '../catalogue/item.ts';
import { type BeamOptions, beamSearch } from '../engine/beam-search.ts';
import {
  type Backend,
  type GraphName,
  ITEM_TABLE_FILE,
  type ModelConfig,
  WEIGHTS_FILE,
} from '../engine/config.ts';
import { Decoder, type HistoryState } from '../engine/decoder.ts';
import { ModelUnavailable } from '../engine/errors.ts';
import { type ItemTable, StoredItemTable } from '../engine/item-table.ts';
import type { Ranked } from '../engine/ranking.ts';
import type { ExternalData, Runtime } from '../engine/runtime.ts';
import { Trie } from '../engine/trie.ts';
import { Memory, type MemoryOptions } from '../memory/memory.ts';
import { type AssetSource, readManifest, readPieces, readVerified } from './files.ts';
import { graphsFor, type Manifest } from './manifest.ts';

/** Every method throws ModelUnavailable when the runtime fails. */
export interface Model {
  readonly manifest: Manifest;
  readonly catalogue: Catalogue;
  readonly trie: Trie;
  /** What followed what, beside the decoder. */
  readonly memory?: Memory;
  /**
   * The state of `past`'s history with `items` (indices, oldest first) appended. In int8 it is byte for byte
   * the state that a prefill of the whole history gives. The caller keeps to the context window.
   */
  prefill(items: readonly number[], past?: HistoryState): Promise<HistoryState>;
  /** Log-probability of every item as the next one, [items], from its vector (L2D, arXiv 2509.11524). */
  itemLogProbs(state: HistoryState): Promise<Float32Array>;
  /** The items whose semantic IDs a beam search finds, best first. */
  beamSearch(state: HistoryState, options: BeamOptions): Promise<Ranked[]>;
  /** The vector of every item. */
  itemTable(): ItemTable;
}

export class EarnModel implements Model {
  readonly manifest: Manifest;
  readonly catalogue: Catalogue;
  readonly trie: Trie;
  readonly decoder: Decoder;
  readonly memory?: Memory;
  private readonly table: ItemTable;

  constructor(
    manifest: Manifest,
    catalogue: Catalogue,
    trie: Trie,
    decoder: Decoder,
    table: ItemTable,
    memory?: Memory,
  ) {
    this.manifest = manifest;
    this.catalogue = catalogue;
    this.trie = trie;
    this.decoder = decoder;
    this.table = table;
    this.memory = memory;
  }

  prefill(items: readonly number[], past?: HistoryState): Promise<HistoryState> {
    return this.decoder.prefill(this.table.rows(items), past);
  }

  itemLogProbs(state: HistoryState): Promise<Float32Array> {
    return this.decoder.score(state);
  }

  beamSearch(state: HistoryState, options: BeamOptions): Promise<Ranked[]> {
    return beamSearch(this.decoder, this.trie, state, options);
  }

  itemTable(): ItemTable {
    return this.table;
  }
}

/**
 * Loads and verifies everything. Throws ModelUnavailable with the reason when anything is not as it should
 * be.
 */
export async function loadModel(
  source: AssetSource,
  runtime: Runtime,
  backend: Backend = runtime.backend,
): Promise<EarnModel> {
  const manifest = await readManifest(source);
  const { config, precision } = manifest;
  const catalogue = catalogueOf(await readVerified(source, manifest.catalogue), config);
  const trie = trieOf(await readVerified(source, manifest.semanticIds), config);
  const table = new StoredItemTable(await readPieces(source, manifest.itemTable), config, precision);
  const memory =
    manifest.memory && memoryOf(await readPieces(source, manifest.memory.shards), manifest.memory, config);
  const weights = { [WEIGHTS_FILE]: await readPieces(source, manifest.shards) };
  const graphs = graphsFor(backend, manifest);
  const session = async (name: GraphName, data: ExternalData) => {
    const graph = await readVerified(source, graphs[name]);
    return runtime.createSession(graph, data, name in manifest.webgpu ? backend : 'wasm');
  };
  // The score session comes first. After a larger one V8 is busy compiling onnxruntime's code, and
  // transposing the table took 30 ms in workerd instead of 4.
  const sessions = {
    score: await session('score', { [ITEM_TABLE_FILE]: table.transposed() }),
    prefill: await session('prefill', weights),
    decode: await session('decode', weights),
  };
  const decoder = new Decoder(runtime, config, backend === 'wasm' ? precision : 'float32', sessions);
  return new EarnModel(manifest, catalogue, trie, decoder, table, memory);
}

/** The file has the manifest's hash, so a wrong one is the builder's mistake. */
function catalogueOf(bytes: Uint8Array, { items }: ModelConfig): Catalogue {
  const list: CatalogueItem[] = JSON.parse(new TextDecoder().decode(bytes));
  if (list.length !== items)
    throw damaged(`the catalogue has ${list.length} items, config.items is ${items}`);
  return new Catalogue(list);
}

function trieOf({ buffer }: Uint8Array<ArrayBuffer>, { levels, codebook }: ModelConfig): Trie {
  return proper(() => new Trie(new Uint16Array(buffer), levels, codebook));
}

function memoryOf(bytes: Uint8Array<ArrayBuffer>, options: MemoryOptions, { items }: ModelConfig): Memory {
  return proper(() => new Memory(bytes, items, options));
}

/** What `make` gives. Its RangeError says what is wrong with the files. */
function proper<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw damaged((error as RangeError).message);
  }
}

function damaged(message: string): ModelUnavailable {
  return new ModelUnavailable('manifest_damaged', message);
}
