/** The engine as its users see it: a loaded model that recommends. Platform-free: workerd, Node, browsers. */

import { Catalogue } from '../catalogue/catalogue.ts';
import { beamSearch } from '../engine/beam-search.ts';
import { Decoder, type HistoryState } from '../engine/decoder.ts';
import { ItemVectors } from '../engine/item-vectors.ts';
import { bestItems, type ItemMask, type Ranked } from '../engine/ranking.ts';
import type { Runtime } from '../engine/runtime.ts';
import { Trie } from '../engine/trie.ts';
import { windowStart } from '../engine/window.ts';
import { type AssetSource, readManifest, readShards, readVerified } from './files.ts';
import { type Backend, type DecoderName, type GraphName, graphsFor, type Manifest } from './manifest.ts';

/** Prefixes kept by the service's search (the paper's width). */
export const BEAM = 20;

export interface SearchRequest {
  /** How many items to return; fewer only when no more are allowed. */
  k: number;
  /** Items that may be returned (`Catalogue.allowed`). */
  allowed: ItemMask;
  /**
   * `latent` (L2D, arXiv 2509.11524): every item by its vector, one product and no decode step. `beam`: semantic-ID codes by beam search.
   * `hybrid`: the items that the beam search reaches, by the sum of both log-probabilities.
   * @default the manifest's
   */
  decoder?: DecoderName;
  /** @default BEAM */
  beam?: number;
}

export interface RecommendRequest extends SearchRequest {
  /** Item indices, oldest first; only the newest window of them is looked at. */
  history: readonly number[];
}

export interface Recommendations {
  /** Best first, with their log-probabilities as the next one; of the hybrid with the sums of both decoders'. */
  items: Ranked[];
  /** Items of the history that went through the early layers for this answer. */
  prefilled: number;
}

/** What the service needs of a model. Every method throws ModelUnavailable when the runtime fails. */
export interface Model {
  readonly manifest: Manifest;
  readonly catalogue: Catalogue;
  /** The state of `past`'s history with `items` appended: byte for byte that of a prefill of everything at once. */
  prefill(items: readonly number[], past?: HistoryState): Promise<HistoryState>;
  /** The list that a state leads to. */
  search(state: HistoryState, options: SearchRequest): Promise<Ranked[]>;
  /** Both, without anything kept. */
  recommend(request: RecommendRequest): Promise<Recommendations>;
  /** The items that are most like one, best first, with the cosines of their vectors to its own. Not the item itself. */
  similar(item: number, request: Pick<SearchRequest, 'k' | 'allowed'>): Promise<Ranked[]>;
}

export class EarnModel implements Model {
  readonly manifest: Manifest;
  readonly catalogue: Catalogue;
  readonly decoder: Decoder;
  readonly trie: Trie;
  private readonly source: AssetSource;
  private vectors: ItemVectors | undefined;

  constructor(manifest: Manifest, catalogue: Catalogue, decoder: Decoder, trie: Trie, source: AssetSource) {
    this.manifest = manifest;
    this.catalogue = catalogue;
    this.decoder = decoder;
    this.trie = trie;
    this.source = source;
  }

  prefill(items: readonly number[], past?: HistoryState): Promise<HistoryState> {
    return this.decoder.prefill(items, past);
  }

  async search(state: HistoryState, request: SearchRequest): Promise<Ranked[]> {
    const { k, allowed, decoder = this.manifest.decoder, beam = BEAM } = request;
    const itemLogProbs = decoder === 'beam' ? undefined : await this.decoder.score(state);
    if (decoder === 'latent') return bestItems(itemLogProbs!, allowed, k);
    return beamSearch(this.decoder, this.trie, state, { k, beam, allowed, bonus: itemLogProbs });
  }

  async recommend({ history, ...request }: RecommendRequest): Promise<Recommendations> {
    const seen = history.slice(windowStart(history.length, this.manifest.config.window));
    const items = await this.search(await this.prefill(seen), request);
    return { items, prefilled: seen.length };
  }

  /**
   * Reads the vectors at the first call and keeps them. Calls that come before they are there read them too: one
   * request's promise is not for another to wait for (`worker/models/host.ts`).
   */
  async similar(item: number, { k, allowed }: Pick<SearchRequest, 'k' | 'allowed'>): Promise<Ranked[]> {
    this.vectors ??= new ItemVectors(
      await readVerified(this.source, this.manifest.itemVectors),
      this.catalogue.items.length,
    );
    return this.vectors.nearest(item, allowed, k);
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
  return new EarnModel(manifest, catalogue, decoder, trie, source);
}
