/** The engine as its users see it: a loaded model that recommends. Platform-free: workerd, Node, browsers. */
import { beamSearch, type Ranked } from './beam-search.ts';
import { Catalogue } from './catalogue.ts';
import { Decoder, type HistoryState } from './decoder.ts';
import { type AssetSource, readManifest, readShards, readVerified } from './files.ts';
import { bestItems } from './latent.ts';
import { type DecoderName, type GraphName, graphsFor, type Manifest } from './manifest.ts';
import type { Runtime } from './runtime.ts';
import { Trie } from './trie.ts';
import { windowStart } from './window.ts';

/** Prefixes kept by the service's search (the paper's width). */
export const BEAM = 20;

export interface SearchRequest {
  /** How many items to return; fewer only when the catalogue has no more that are not excluded. */
  k: number;
  /** Item indices that must not be returned. */
  excluded: ReadonlySet<number>;
  /**
   * `latent`: every item by its vector, one product and no decode step. `beam`: semantic-ID codes by beam search.
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
  /** Best first. */
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
}

export class EarnModel implements Model {
  readonly manifest: Manifest;
  readonly catalogue: Catalogue;
  readonly decoder: Decoder;
  readonly trie: Trie;

  constructor(manifest: Manifest, catalogue: Catalogue, decoder: Decoder, trie: Trie) {
    this.manifest = manifest;
    this.catalogue = catalogue;
    this.decoder = decoder;
    this.trie = trie;
  }

  prefill(items: readonly number[], past?: HistoryState): Promise<HistoryState> {
    return this.decoder.prefill(items, past);
  }

  async search(state: HistoryState, request: SearchRequest): Promise<Ranked[]> {
    const { k, excluded, decoder = this.manifest.decoder, beam = BEAM } = request;
    const { codeLogits, itemLogProbs } = await this.decoder.score(state);
    if (decoder === 'latent') return bestItems(itemLogProbs, k, excluded);
    const bonus = decoder === 'hybrid' ? itemLogProbs : undefined;
    return beamSearch(this.decoder, this.trie, state, codeLogits, { k, beam, excluded, bonus });
  }

  async recommend({ history, ...request }: RecommendRequest): Promise<Recommendations> {
    const seen = history.slice(windowStart(history.length, this.manifest.config.window));
    const items = await this.search(await this.prefill(seen), request);
    return { items, prefilled: seen.length };
  }
}

/** Loads and verifies everything. Throws ModelUnavailable with the reason when anything is not as it should be. */
export async function loadModel(source: AssetSource, runtime: Runtime): Promise<EarnModel> {
  const manifest = await readManifest(source);
  const { backend } = runtime;
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
  return new EarnModel(manifest, catalogue, decoder, trie);
}
