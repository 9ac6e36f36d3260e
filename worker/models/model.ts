/** A loaded model: what rankers work with. Runs in workerd, Node and browsers alike. */
import { Catalogue } from '../catalogue/catalogue.ts';
import { type BeamOptions, beamSearch } from '../engine/beam-search.ts';
import type { Backend, GraphName } from '../engine/config.ts';
import { Decoder, type HistoryState } from '../engine/decoder.ts';
import { type ItemTable, StoredItemTable } from '../engine/item-table.ts';
import type { Ranked } from '../engine/ranking.ts';
import type { Runtime } from '../engine/runtime.ts';
import { Trie } from '../engine/trie.ts';
import { type AssetSource, readManifest, readShards, readVerified } from './files.ts';
import { graphsFor, type Manifest } from './manifest.ts';

/** Every method throws ModelUnavailable when the runtime fails. */
export interface Model {
  readonly manifest: Manifest;
  readonly catalogue: Catalogue;
  readonly trie: Trie;
  /**
   * The state of `past`'s history with `items` (indices, oldest first) appended. In int8 it is byte for byte the state
   * that a prefill of the whole history gives. The caller keeps to the context window.
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
  private readonly table: ItemTable;

  constructor(manifest: Manifest, catalogue: Catalogue, trie: Trie, decoder: Decoder, table: ItemTable) {
    this.manifest = manifest;
    this.catalogue = catalogue;
    this.trie = trie;
    this.decoder = decoder;
    this.table = table;
  }

  prefill(items: readonly number[], past?: HistoryState): Promise<HistoryState> {
    return this.decoder.prefill(items, past);
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

/** Loads and verifies everything. Throws ModelUnavailable with the reason when anything is not as it should be. */
export async function loadModel(
  source: AssetSource,
  runtime: Runtime,
  backend: Backend = runtime.backend,
): Promise<EarnModel> {
  const manifest = await readManifest(source);
  const { config, precision } = manifest;
  const graphs = graphsFor(backend, manifest);
  const text = new TextDecoder().decode(await readVerified(source, manifest.catalogue));
  const catalogue = new Catalogue(JSON.parse(text));
  const ids = new Uint16Array((await readVerified(source, manifest.semanticIds)).buffer);
  const trie = new Trie(ids, config.levels, config.codebook);
  const table = new StoredItemTable(await readVerified(source, manifest.itemVectors), config.items);
  const weights = await readShards(source, manifest.shards);
  const session = async (name: GraphName) => {
    const graph = await readVerified(source, graphs[name]);
    return runtime.createSession(graph, weights, name in manifest.webgpu ? backend : 'wasm');
  };
  const sessions = {
    prefill: await session('prefill'),
    score: await session('score'),
    decode: await session('decode'),
  };
  const decoder = new Decoder(runtime, config, backend === 'wasm' ? precision : 'float32', sessions);
  return new EarnModel(manifest, catalogue, trie, decoder, table);
}
