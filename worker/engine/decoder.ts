/** The graphs as functions: prefill a history, score every item, decode the next code of many beams. */
import {
  firstCodeLayer,
  firstLocalLayer,
  localReach,
  type ModelConfig,
  type Precision,
  slidingLayers,
} from './config.ts';
import { beamMask, causal, windowed } from './masks.ts';
import { type Feeds, type LaterSession, type Runtime, type Session, Tensor } from './runtime.ts';

/**
 * The number of keys is padded to a multiple of this: only then are a state's bytes the same however it was
 * reached.
 */
const KEY_MULTIPLE = 16;

type KeyValueBytes = Int8Array | Float32Array;

/** What is kept of a history: all that decoding needs. */
export interface HistoryState {
  /** Number of history items in this state. */
  length: number;
  /**
   * Their keys and values in those of layers 1..k that see all, [length x layers * 2 * headDim]. A longer
   * history's begin with these.
   */
  keyValues: KeyValueBytes;
  /**
   * Those of the newest `slidingWindow` items, or as many as there are, in the layers before k that see no
   * more, [items x layers * 2 * headDim]. Empty without such layers.
   */
  slidingKeyValues: KeyValueBytes;
  /**
   * Keys and values of the newest items and of S in the layers after k, [rows x layers * 2 * headDim]. There
   * are `localWindow` items, or as many as the history has. Without EARN: of S in all layers.
   */
  localKeyValues: KeyValueBytes;
  /** S's final state, [width]: the next item follows from it. */
  final: Float32Array;
  /** Logits of the next item's first code, [codebook]. */
  codeLogits: Float32Array;
}

/** The beams at one level. */
export interface BeamRows {
  /** The newest code of each beam. */
  codes: Int32Array;
  /** Its level, from 0. */
  level: number;
  /** For each beam, the rows of `earlier` that are its own former codes. */
  ancestors: number[][];
  /**
   * Keys and values of all former steps' rows in the layers where codes run, [rows x layers * 2 * headDim].
   */
  earlier: Float32Array;
}

/** What a decode step gives. */
export interface DecodeStep {
  /** Of each beam's next code, [beams x codebook]. */
  logits: Float32Array;
  /** Of each beam's newest code, as `BeamRows.earlier` has them; empty when no level follows. */
  keyValues: Float32Array;
}

/** One per graph. */
export interface Sessions {
  prefill: Session;
  /** A model of a large catalogue has neither: it scores items by their codes, and has no semantic IDs. */
  score?: Session;
  decode?: LaterSession;
}

/** What a decoder needs of a runtime. */
export type Runs = Pick<Runtime, 'run' | 'release'>;

export class Decoder {
  readonly config: ModelConfig;
  private readonly runtime: Runs;
  private readonly sessions: Sessions;
  /** Of keys and values in the graphs. */
  private readonly precision: Precision;
  /** Values of a row of `keyValues`, of `slidingKeyValues` and of `localKeyValues`. */
  private readonly row: number;
  private readonly slidingRow: number;
  private readonly localRow: number;
  /** Values of a code's keys and values. */
  private readonly codeRow: number;

  constructor(runtime: Runs, config: ModelConfig, precision: Precision, sessions: Sessions) {
    this.runtime = runtime;
    this.config = config;
    this.precision = precision;
    this.sessions = sessions;
    const sliding = slidingLayers(config);
    this.row = (config.registerDepth - sliding) * 2 * config.headDim;
    this.slidingRow = sliding * 2 * config.headDim;
    this.localRow = (config.depth - firstLocalLayer(config)) * 2 * config.headDim;
    this.codeRow = (config.depth - firstCodeLayer(config)) * 2 * config.headDim;
  }

  /**
   * The state of `past`'s history with more items appended; `vectors` [items x width] are theirs
   * (`ItemTable.rows`). Only the new items and S run. In int8 the state is byte for byte the one that a
   * prefill of everything at once gives.
   */
  async prefill(vectors: Float32Array, past?: HistoryState): Promise<HistoryState> {
    const { heads, headDim, width, localWindow } = this.config;
    const items = vectors.length / width;
    const known = past?.length ?? 0;
    const length = known + items;
    const keys = KEY_MULTIPLE * Math.ceil((length + 2) / KEY_MULTIPLE); // P, the history, S, padding
    const padding = keys - length - 2;
    const rows = items + 1; // and S
    const positions = BigInt64Array.from({ length: rows }, (_, row) => BigInt(known + 1 + row));
    const local = Math.min(localReach(this.config), items) + 1;
    const localRows = Int32Array.from({ length: local }, (_, row) => rows - local + row);
    // Fewer new items than the deep layers reach back: the older ones are in the past state.
    const pastLocal =
      past && local === rows ? past.localKeyValues.subarray(0, -this.localRow) : this.zeros(0);
    const pastRows = pastLocal.length / this.localRow;
    const seen = windowed(local, pastRows, localWindow);
    const outputs = await this.runtime.run(this.sessions.prefill, {
      token_vectors: new Tensor('float32', vectors, [1, items, width]),
      position_ids: new Tensor('int64', positions, [1, rows]),
      past_key_values: this.tensor(past?.keyValues ?? this.zeros(0), known, this.row),
      key_padding: this.tensor(this.zeros(padding * 2 * headDim), padding, 2 * headDim),
      local_rows: new Tensor('int32', localRows, [local]),
      local_position_ids: new Tensor('int64', positions.slice(-local), [1, local]),
      local_history_mask: causal(length + 2 - local, local, heads, keys),
      past_local_key_values: this.tensor(pastLocal, pastRows, this.localRow),
      suffix_position_ids: new Tensor('int64', positions.slice(-1), [1, 1]),
      local_keys: seen.keys,
      local_mask: seen.mask,
      // Models of before have this input also where no layer reads it.
      ...(this.sessions.prefill.inputNames.includes('mask') && {
        mask: causal(known + 1, rows, heads, keys),
      }),
      ...this.slidingFeeds(rows, past),
    });
    const added = outputs.new_key_values.data as KeyValueBytes; // S's too
    const newest = append(pastLocal, outputs.local_key_values.data as KeyValueBytes);
    return {
      length,
      keyValues: append(past?.keyValues, added.subarray(0, items * this.row)),
      slidingKeyValues: this.slid(items, past, outputs.sliding_key_values?.data as KeyValueBytes | undefined),
      localKeyValues: newest.subarray(-(localWindow + 1) * this.localRow),
      final: outputs.final_state.data as Float32Array,
      codeLogits: outputs.code_logits.data as Float32Array,
    };
  }

  /** What the layers with a sliding window take, if there are any. */
  private slidingFeeds(rows: number, past?: HistoryState): Feeds {
    if (this.slidingRow === 0) return {};
    const rowsBefore = (past?.slidingKeyValues.length ?? 0) / this.slidingRow;
    const { keys, mask } = windowed(rows, rowsBefore, this.config.slidingWindow!);
    return {
      past_sliding_key_values: this.tensor(
        past?.slidingKeyValues ?? this.zeros(0),
        rowsBefore,
        this.slidingRow,
      ),
      sliding_keys: keys,
      sliding_mask: mask,
    };
  }

  /** The newest items' rows of those layers, after a run that `added` rows of `items` and S. */
  private slid(items: number, past?: HistoryState, added = this.zeros(0)): KeyValueBytes {
    const all = append(past?.slidingKeyValues, added.subarray(0, items * this.slidingRow));
    // Copied: a part would keep all of it in memory.
    return all.slice(-(this.config.slidingWindow ?? 0) * this.slidingRow);
  }

  /** Whether a state, from wherever it came, has the shapes that `prefill` gives. */
  accepts(state: HistoryState): boolean {
    const { length, keyValues, slidingKeyValues, localKeyValues, final, codeLogits } = state;
    const { width, codebook, localWindow, slidingWindow = 0 } = this.config;
    const Numbers = this.precision === 'int8' ? Int8Array : Float32Array;
    return (
      [keyValues, slidingKeyValues, localKeyValues].every((values) => values instanceof Numbers) &&
      keyValues.length === length * this.row &&
      slidingKeyValues.length === Math.min(length, slidingWindow) * this.slidingRow &&
      localKeyValues.length === (Math.min(length, localWindow) + 1) * this.localRow &&
      final.length === width &&
      codeLogits.length === codebook
    );
  }

  /** Log-probability of every item as the next one, [items]; they sum to one. */
  async score({ final }: HistoryState): Promise<Float32Array> {
    const outputs = await this.runtime.run(this.sessions.score!, {
      final_state: new Tensor('float32', final, [1, final.length]),
    });
    return outputs.item_log_probs.data as Float32Array;
  }

  async decode(state: HistoryState, beams: BeamRows): Promise<DecodeStep> {
    const { registerDepth, depth, heads, codebook } = this.config;
    const rows = beams.codes.length;
    const local = state.localKeyValues.length / this.localRow;
    const earlier = beams.earlier.length / this.codeRow;
    const codes = beams.codes.map((code) => beams.level * codebook + code);
    const position = BigInt(state.length + 2 + beams.level); // P, the history and S come before code 0
    const shared = 1 + local; // P, the newest items, S
    const positions = (count: number) =>
      new Tensor('int64', new BigInt64Array(count).fill(position), [1, count]);
    const history: Feeds =
      registerDepth < depth
        ? { shared_position_ids: positions(shared + earlier) }
        : {
            past_key_values: this.tensor(state.keyValues, state.length, this.row),
            key_counts: new Tensor('int64', [shared + earlier + rows, state.length].map(BigInt), [2]),
          };
    const outputs = await this.runtime.run(await this.sessions.decode!.get(), {
      code_ids: new Tensor('int32', codes, [1, rows]),
      position_ids: positions(rows),
      level: new Tensor('int64', BigInt64Array.of(BigInt(beams.level + 1)), [1]),
      local_key_values: this.tensor(state.localKeyValues, local, this.localRow),
      beam_key_values: new Tensor('float32', beams.earlier, [1, earlier, this.codeRow]),
      mask: beamMask(beams.ancestors, heads, shared, earlier),
      ...history,
    });
    return {
      logits: outputs.logits.data as Float32Array,
      keyValues: (outputs.present_beam_key_values?.data ?? new Float32Array()) as Float32Array,
    };
  }

  /** The same decoder with a prefill of its own. */
  withPrefill(prefill: Session, runtime: Runs = this.runtime, config: ModelConfig = this.config): Decoder {
    return new Decoder(runtime, config, this.precision, { ...this.sessions, prefill });
  }

  async release(): Promise<void> {
    const { prefill, score, decode } = this.sessions;
    for (const session of [prefill, score]) if (session) await this.runtime.release(session);
    await decode?.release(this.runtime);
  }

  /** [1, rows, columns] of keys and values. */
  private tensor(data: KeyValueBytes, rows: number, columns: number) {
    const dims = [1, rows, columns];
    return data instanceof Int8Array ? new Tensor('int8', data, dims) : new Tensor('float32', data, dims);
  }

  private zeros(length: number): KeyValueBytes {
    return this.precision === 'int8' ? new Int8Array(length) : new Float32Array(length);
  }
}

function append(before: KeyValueBytes | undefined, added: KeyValueBytes): KeyValueBytes {
  if (before === undefined || before.length === 0) return added;
  const all = new (before instanceof Int8Array ? Int8Array : Float32Array)(before.length + added.length);
  all.set(before);
  all.set(added, before.length);
  return all;
}
