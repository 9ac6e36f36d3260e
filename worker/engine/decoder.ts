/** The graphs as functions: prefill a history, score what comes first, decode the next code of many beams. */
import { firstCodeLayer, type GraphName, localReach, type ModelConfig } from './config.ts';
import { causal, surroundings, visibility } from './masks.ts';
import { type Runtime, type Session, Tensor } from './runtime.ts';

/** Keys must come in a multiple of this many for a state to be the same bytes however it was reached. */
const KEY_MULTIPLE = 16;

type KeyValueBytes = Int8Array | Float32Array;

/** What is kept of a history: everything that decoding needs. */
export interface HistoryState {
  /** Items behind it. */
  length: number;
  /** Layers 1..k, [length x k * 2 * headDim]: a longer history's rows begin with these. */
  keyValues: KeyValueBytes;
  /** The newest `tail` items, or as many as there are, and S in the layers where codes run, [items + 1 x layers * 2 * headDim]. */
  localKeyValues: KeyValueBytes;
  /** S's final state, [width]: what the item follows from. */
  final: Float32Array;
  /** Logits of the next item's first code, [codebook]. */
  codeLogits: Float32Array;
}

/** Codes of the beams at one level, and what they may look back at. */
export interface BeamRows {
  /** The newest code of each beam. */
  codes: Int32Array;
  /** Its level, from 0. */
  level: number;
  /** For each beam, the rows of `earlier` that are its own former codes. */
  ancestors: number[][];
  /** Keys and values of all former steps' rows in the layers where codes run, [rows x layers * 2 * headDim]. */
  earlier: Float32Array;
}

export class Decoder {
  readonly config: ModelConfig;
  private readonly runtime: Runtime;
  private readonly sessions: Record<GraphName, Session>;
  private readonly type: 'int8' | 'float32';
  /** Of a token's keys and values in the layers where codes run. */
  private readonly recentRow: number;

  constructor(
    runtime: Runtime,
    config: ModelConfig,
    precision: 'int8' | 'float32',
    sessions: Record<GraphName, Session>,
  ) {
    this.runtime = runtime;
    this.config = config;
    this.type = precision;
    this.sessions = sessions;
    this.recentRow = (config.depth - firstCodeLayer(config)) * 2 * config.headDim;
  }

  /**
   * The state of `past`'s history with `items` appended. Only `items` and S run. In int8 the result is byte for
   * byte what a prefill of everything at once gives.
   */
  async prefill(items: readonly number[], past?: HistoryState): Promise<HistoryState> {
    const { registerDepth, heads, headDim } = this.config;
    const known = past?.length ?? 0;
    const length = known + items.length;
    const keys = KEY_MULTIPLE * Math.ceil((length + 2) / KEY_MULTIPLE); // P, the history, S, padding
    const padding = keys - length - 2;
    const rows = items.length + 1; // and S
    const positions = BigInt64Array.from({ length: rows }, (_, row) => BigInt(known + 1 + row));
    const mask = causal(known + 1, rows, heads, keys);
    const near = Math.min(localReach(this.config), items.length) + 1;
    const nearRows = Int32Array.from({ length: near }, (_, row) => rows - near + row);
    const pastItems =
      past && near === rows ? past.localKeyValues.subarray(0, -this.recentRow) : this.zeros(0);
    const pastRows = pastItems.length / this.recentRow;
    const outputs = await this.runtime.run(this.sessions.prefill, {
      item_ids: new Tensor('int32', Int32Array.from(items), [1, items.length]),
      position_ids: new Tensor('int64', positions, [1, rows]),
      mask: new Tensor('float32', mask, [1, rows * heads, keys]),
      past_key_values: this.tensor(past?.keyValues ?? this.zeros(0), known, registerDepth * 2 * headDim),
      key_padding: this.tensor(this.zeros(padding * 2 * headDim), padding, 2 * headDim),
      near_rows: new Tensor('int32', nearRows, [near]),
      near_position_ids: new Tensor('int64', positions.slice(-near), [1, near]),
      suffix_position_ids: new Tensor('int64', positions.slice(-1), [1, 1]),
      near_mask: new Tensor('float32', mask.subarray(-near * heads * keys), [1, near * heads, keys]),
      past_recent: this.tensor(pastItems, pastRows, this.recentRow),
      ...surroundings(near, pastRows, this.config.localWindow),
    });
    const added = outputs.new_key_values.data as KeyValueBytes; // S's too
    const newest = append(pastItems, outputs.near_key_values.data as KeyValueBytes);
    return {
      length,
      keyValues: append(past?.keyValues, added.subarray(0, items.length * registerDepth * 2 * headDim)),
      localKeyValues: newest.subarray(-(this.config.localWindow + 1) * this.recentRow),
      final: outputs.final_state.data as Float32Array,
      codeLogits: outputs.code_logits.data as Float32Array,
    };
  }

  /** The latent decoder's log-probabilities, [items]; they sum to one over the catalogue. */
  async score({ final }: HistoryState): Promise<Float32Array> {
    const outputs = await this.runtime.run(this.sessions.score, {
      final_state: new Tensor('float32', final, [1, final.length]),
    });
    return outputs.item_log_probs.data as Float32Array;
  }

  /** Logits of each beam's next code, [beams x codebook], and the keys and values of its newest one, when there are more levels. */
  async decode(
    state: HistoryState,
    beams: BeamRows,
  ): Promise<{ logits: Float32Array; keyValues: Float32Array }> {
    const { registerDepth, heads, headDim, codebook } = this.config;
    const rows = beams.codes.length;
    const recent = state.localKeyValues.length / this.recentRow;
    const earlier = beams.earlier.length / this.recentRow;
    const codes = beams.codes.map((code) => beams.level * codebook + code);
    const position = BigInt(state.length + 2 + beams.level); // P, the history and S come before code 0
    const shared = 1 + recent; // P, the newest items, S
    const positions = (count: number) =>
      new Tensor('int64', new BigInt64Array(count).fill(position), [1, count]);
    const outputs = await this.runtime.run(this.sessions.decode, {
      code_ids: new Tensor('int32', codes, [1, rows]),
      position_ids: positions(rows),
      level: new Tensor('int64', BigInt64Array.of(BigInt(beams.level + 1)), [1]),
      recent_key_values: this.tensor(state.localKeyValues, recent, this.recentRow),
      beam_key_values: new Tensor('float32', beams.earlier, [1, earlier, this.recentRow]),
      mask: visibility(beams.ancestors, heads, shared, earlier),
      ...(firstCodeLayer(this.config) < registerDepth
        ? {
            past_key_values: this.tensor(state.keyValues, state.length, registerDepth * 2 * headDim),
            key_counts: new Tensor('int64', [shared + earlier + rows, state.length].map(BigInt), [2]),
          }
        : { shared_position_ids: positions(shared + earlier) }),
    });
    return {
      logits: outputs.logits.data as Float32Array,
      keyValues: (outputs.present_beam_key_values?.data ?? new Float32Array()) as Float32Array,
    };
  }

  async release(): Promise<void> {
    for (const session of Object.values(this.sessions)) await this.runtime.release(session);
  }

  /** [1, rows, columns] of this model's key/value type. */
  private tensor(data: KeyValueBytes, rows: number, columns: number) {
    const dims = [1, rows, columns];
    return data instanceof Int8Array ? new Tensor('int8', data, dims) : new Tensor('float32', data, dims);
  }

  private zeros(length: number): KeyValueBytes {
    return this.type === 'int8' ? new Int8Array(length) : new Float32Array(length);
  }
}

function append(before: KeyValueBytes | undefined, added: KeyValueBytes): KeyValueBytes {
  if (before === undefined || before.length === 0) return added;
  const all = new (before instanceof Int8Array ? Int8Array : Float32Array)(before.length + added.length);
  all.set(before);
  all.set(added, before.length);
  return all;
}
