/**
 * The playground's experiments, on the model of this device in WASM: what S attends to in each layer, how
 * long a history takes with EARN and without, and what other rankers say of it.
 */
import { numbersBytes } from '../cache/state-codec.ts';
import type { ModelConfig } from '../engine/config.ts';
import type { HistoryState, Runs } from '../engine/decoder.ts';
import type { Ranked } from '../engine/ranking.ts';
import { type Runtime, Tensor } from '../engine/runtime.ts';
import { type EarnModel, loadModel } from '../models/model.ts';
import { CANDIDATES, diversified } from '../recommend/diversity.ts';
import { RANKERS, type RankerName, rankersOf } from '../recommend/rankers/index.ts';
import type { AttentionLayer } from './attention.ts';
import type { Download } from './download.ts';
import { Watched } from './watched.ts';

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

export interface PlayedList {
  name: string;
  items: PlayedItem[];
  /** Name of the list that it is best compared with. */
  beside?: string;
  /** HR@10 on validation, where the training measured it. */
  found?: number;
}

export interface Played {
  /** Lists of the same history, by what made them. */
  lists: PlayedList[];
  /** Milliseconds of the whole history, of its newest item on top of the state, and of making the list. */
  ms: { cold: number; warm: number; rank: number };
  bytes: number;
  /** The decoder without EARN, once it was fetched. One with random weights has no attention to look at. */
  full: { ms: number; bytes: number; layers: AttentionLayer[] | null } | null;
  layers: AttentionLayer[];
  shape: Pick<ModelConfig, 'depth' | 'registerDepth' | 'localWindow' | 'slidingWindow'>;
  rankers: RankerName[];
  ranker: RankerName;
}

const OURS = 'This model';
const ALONE = 'Its decoder alone';

/** Runs of which the fastest counts; fewer where they take long. */
const RUNS = 9;
const LONGEST_MS = 1000;

export class Play {
  private readonly own: Watched;
  private readonly runtime: Runtime;
  private full: Watched | null = null;

  private constructor(own: Watched, runtime: Runtime) {
    this.own = own;
    this.runtime = runtime;
  }

  static async load(model: EarnModel, runtime: Runtime, download: Download): Promise<Play> {
    return new Play(await Watched.load(model, runtime, download), runtime);
  }

  /** From now on runs also compute the decoder of this folder. */
  async compare(download: Download): Promise<void> {
    const model = await loadModel(download, this.runtime);
    this.full = await Watched.load(model, this.runtime, download);
  }

  async run({ history: ids, ranker: name, beam, diversity, registersAlone, k }: Setting): Promise<Played> {
    const { own, runtime } = this;
    const { model } = own;
    const { catalogue, manifest } = model;
    const { depth, registerDepth, localWindow, slidingWindow, contextWindow } = manifest.config;
    const known = ids.map((id) => catalogue.indexOf(id)).filter((item) => item !== undefined);
    const history = known.slice(-contextWindow);
    const vectors = model.itemTable().rows(history);
    const watched = await own.prefill(vectors, registersAlone ? blind(runtime) : runtime);
    const state = onlyRegisters(watched.state, registersAlone, model);
    const before = history.length > 1 ? await model.prefill(history.slice(0, -1)) : undefined;
    const allowed = catalogue.allowed(manifest.includeSeen ? [] : history);
    const ranker = rankersOf(model).includes(name) ? name : manifest.ranker;
    const listBy = (by: RankerName, of: EarnModel, { most = k, after = state } = {}) =>
      RANKERS[by].rank({ model: of, history, state: after, allowed, k: most, beam });
    const ownList = async () => {
      if (diversity === 0) return listBy(ranker, model);
      const candidates = await listBy(ranker, model, { most: CANDIDATES });
      return diversified(model, candidates, { k, diversity, fixed: 0 });
    };
    const { full } = this;
    // Random weights belong to no catalogue; they read the vectors of the model's.
    const trained = full?.model.manifest.catalogueId === manifest.catalogueId;
    const fullVectors = trained ? full.model.itemTable().rows(history) : vectors;
    const { ms, results } = await inTurns({
      warm: () => model.prefill(history.slice(-1), before),
      cold: () => model.prefill(history),
      full: async () => full?.model.decoder.prefill(fullVectors),
      rank: ownList,
    });
    const fullSeen = trained ? await full.prefill(fullVectors, runtime) : null;

    const lists: PlayedList[] = [];
    const add = async (list: Omit<PlayedList, 'items'>, ranked: Ranked[] | Promise<Ranked[]>) =>
      lists.push({ ...list, items: this.items(await ranked) });
    await add({ name: OURS }, results.rank);
    await add({ name: ALONE, beside: OURS, found: foundBy(model) }, listBy('latent', own.alone));
    if (full && fullSeen) {
      const ranked = listBy('latent', full.alone, { after: fullSeen.state });
      await add({ name: 'Without EARN (k = N)', beside: ALONE, found: foundBy(full.model) }, ranked);
    }
    if (model.memory) await add({ name: 'Counting alone', beside: OURS }, listBy('counts', model));
    await add({ name: 'Most popular', beside: OURS }, listBy('popular', model));
    return {
      lists,
      ms,
      bytes: numbersBytes(state),
      full: results.full
        ? { ms: ms.full, bytes: numbersBytes(results.full), layers: fullSeen?.layers ?? null }
        : null,
      layers: watched.layers,
      shape: { depth, registerDepth, localWindow, slidingWindow },
      rankers: rankersOf(model).filter((by) => RANKERS[by].needsState),
      ranker,
    };
  }

  private items(ranked: Ranked[]): PlayedItem[] {
    return ranked.map(({ item }) => this.own.model.catalogue.items![item]);
  }
}

/** What the training noted of the decoder. */
function foundBy({ manifest }: EarnModel): number | undefined {
  return (manifest.validation.latent as Record<string, number> | undefined)?.['hr@10'];
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
