/**
 * The playground's experiments, on the model of this device in WASM: what S attends to in each layer, how
 * long a history takes with EARN and without, and what other rankers say of it.
 */
import { numbersBytes } from '../cache/state-codec.ts';
import { type ModelConfig, WEIGHTS_FILE } from '../engine/config.ts';
import type { Decoder, HistoryState, Runs } from '../engine/decoder.ts';
import type { Ranked } from '../engine/ranking.ts';
import { type Fetches, type Runtime, type Session, Tensor } from '../engine/runtime.ts';
import { readPieces } from '../models/files.ts';
import { EarnModel } from '../models/model.ts';
import { CANDIDATES, diversified } from '../recommend/diversity.ts';
import { RANKERS, type RankerName, rankersOf } from '../recommend/rankers/index.ts';
import { type AttentionLayer, attentionOf, withAttention } from './attention.ts';
import type { Download } from './download.ts';

export interface Setting {
  /** Item ids, oldest first. */
  history: string[];
  ranker: RankerName;
  /** Prefixes that a beam search keeps. */
  beam: number;
  /** From 0, the best first, to 1, as different as can be. */
  diversity: number;
  /** Layers after k see the two registers and no item. */
  registersAlone: boolean;
  k: number;
}

export interface PlayedItem {
  id: string;
  title: string;
  categories: string[];
}

export interface Played {
  /** Lists of the same history, by what made them. */
  lists: { name: string; items: PlayedItem[] }[];
  /** Milliseconds of the whole history, of its newest item on top of the state, and of making the list. */
  ms: { cold: number; warm: number; rank: number };
  bytes: number;
  /** The same decoder without EARN. */
  full: { ms: number; bytes: number } | null;
  layers: AttentionLayer[];
  shape: { depth: number; registerDepth: number; localWindow: number };
  rankers: RankerName[];
  ranker: RankerName;
}

/** Runs of which the fastest counts; fewer where they take long. */
const RUNS = 9;
const LONGEST_MS = 1000;

export class Play {
  private readonly model: EarnModel;
  private readonly alone: EarnModel;
  private readonly runtime: Runtime;
  private readonly watched: Session;
  private readonly full: Decoder | null;

  private constructor(model: EarnModel, runtime: Runtime, watched: Session, full: Decoder | null) {
    const { manifest, catalogue, trie, decoder } = model;
    this.model = model;
    this.alone = new EarnModel({ manifest, catalogue, trie, decoder, table: model.itemTable() });
    this.runtime = runtime;
    this.watched = watched;
    this.full = full;
  }

  static async load(model: EarnModel, runtime: Runtime, download: Download): Promise<Play> {
    const { graphs, shards, config } = model.manifest;
    const weights = { [WEIGHTS_FILE]: await readPieces(download, shards) };
    const graph = withAttention((await download.read(graphs.prefill.path))!, config.depth);
    const watched = await runtime.createSession(graph, weights);
    return new Play(model, runtime, watched, await fullDecoder(model, runtime, download));
  }

  async run({ history: ids, ranker: name, beam, diversity, registersAlone, k }: Setting): Promise<Played> {
    const { model, runtime } = this;
    const { catalogue, manifest } = model;
    const { depth, registerDepth, localWindow, contextWindow } = manifest.config;
    const known = ids.map((id) => catalogue.indexOf(id)).filter((item) => item !== undefined);
    const history = known.slice(-contextWindow);
    const vectors = model.itemTable().rows(history);
    const masked = registersAlone ? blind(runtime) : runtime;
    let seen: Fetches = {};
    const watching: Runs = {
      run: async (session, feeds) => {
        seen = await masked.run(session, feeds);
        return seen;
      },
      release: (session) => runtime.release(session),
    };
    const state = onlyRegisters(
      await model.decoder.withPrefill(this.watched, watching).prefill(vectors),
      registersAlone,
      model,
    );
    const before = history.length > 1 ? await model.prefill(history.slice(0, -1)) : undefined;
    const allowed = catalogue.allowed(manifest.includeSeen ? [] : history);
    const ranker = rankersOf(model).includes(name) ? name : manifest.ranker;
    const listBy = (by: RankerName, of: EarnModel, most = k) =>
      RANKERS[by].rank({ model: of, history, state, allowed, k: most, beam });
    const ownList = async () => {
      if (diversity === 0) return listBy(ranker, model);
      return diversified(model, await listBy(ranker, model, CANDIDATES), { k, diversity, fixed: 0 });
    };
    const { full } = this;
    const { ms, results } = await inTurns({
      warm: () => model.prefill(history.slice(-1), before),
      cold: () => model.prefill(history),
      full: async () => full?.prefill(vectors),
      rank: ownList,
    });
    const others: [string, Promise<Ranked[]>][] = [['The decoder alone', listBy('latent', this.alone)]];
    if (model.memory) others.push(['Counting alone', listBy('counts', model)]);
    others.push(['Most popular', listBy('popular', model)]);
    const lists = [{ name: 'This model', items: this.items(results.rank) }];
    for (const [name, list] of others) lists.push({ name, items: this.items(await list) });
    return {
      lists,
      ms,
      bytes: numbersBytes(state),
      full: results.full ? { ms: ms.full, bytes: numbersBytes(results.full) } : null,
      layers: attentionOf(seen, manifest.config, history.length),
      shape: { depth, registerDepth, localWindow },
      rankers: rankersOf(model).filter((by) => RANKERS[by].needsState),
      ranker,
    };
  }

  private items(ranked: Ranked[]): PlayedItem[] {
    return ranked.map(({ item }) => this.model.catalogue.items[item]);
  }
}

/** Hides the items from the layers after k: of what a row may see, P and itself are left. */
function blind(runtime: Runtime): Runs {
  return {
    run(session, feeds) {
      const { dims, data } = feeds.local_mask;
      const slots = dims[dims.length - 1];
      const mask = (data as Float32Array).map((value, i) =>
        i % slots === 0 || i % slots === slots - 1 ? value : -Infinity,
      );
      return runtime.run(session, { ...feeds, local_mask: new Tensor('float32', mask, dims) });
    },
    release: (session) => runtime.release(session),
  };
}

/** Codes of a beam search see no item either: of the rows that they look at, S is the last one. */
function onlyRegisters(state: HistoryState, registersAlone: boolean, { decoder }: EarnModel): HistoryState {
  if (!registersAlone) return state;
  const { depth, registerDepth, headDim } = decoder.config;
  const row = (registerDepth < depth ? depth - registerDepth : depth) * 2 * headDim;
  return { ...state, localKeyValues: state.localKeyValues.slice(-row) };
}

/** `scripts/bundle-full.ts` places it; null where it did not. */
async function fullDecoder(model: EarnModel, runtime: Runtime, download: Download): Promise<Decoder | null> {
  const files = ['prefill.onnx', 'weights.bin'].map((name) => download.bytes(`/runtime/full/${name}`));
  const [graph, weights] = await Promise.all(files);
  if (!graph || !weights) return null;
  const { config } = model.manifest;
  const full: ModelConfig = { ...config, registerDepth: config.depth, localWindow: 0 };
  return model.decoder.withPrefill(
    await runtime.createSession(graph, { [WEIGHTS_FILE]: weights }),
    runtime,
    full,
  );
}

/**
 * The fastest run of each, which nothing else on this device has slowed down. They take turns, so that a busy
 * moment meets all of them.
 */
async function inTurns<R>(runs: { [name in keyof R]: () => Promise<R[name]> }) {
  const names = Object.keys(runs) as (keyof R)[];
  const results = {} as R;
  for (const name of names) results[name] = await runs[name](); // what is compiled late is not counted
  const ms = Object.fromEntries(names.map((name) => [name, Infinity])) as Record<keyof R, number>;
  const end = performance.now() + LONGEST_MS;
  for (let run = 0; run < RUNS && (run === 0 || performance.now() < end); run++) {
    for (const name of names) {
      const start = performance.now();
      await runs[name]();
      ms[name] = Math.min(ms[name], performance.now() - start);
    }
  }
  return { ms, results };
}
