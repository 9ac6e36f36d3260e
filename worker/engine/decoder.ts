/** The graphs as functions: prefill a history, score what comes first, decode the next code of many beams. */
import type { GraphName, ModelConfig } from './manifest.ts';
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
  /** S in all layers, [N * 2 * headDim]. */
  suffix: KeyValueBytes;
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
  /** Keys and values of all former steps' rows, [rows x N * 2 * headDim]. */
  earlier: Float32Array;
}

export class Decoder {
  readonly config: ModelConfig;
  private readonly runtime: Runtime;
  private readonly sessions: Record<GraphName, Session>;
  private readonly type: 'int8' | 'float32';

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
  }

  /**
   * The state of `past`'s history with `items` appended. Only `items` and S run. In int8 the result is byte for
   * byte what a prefill of everything at once gives.
   */
  async prefill(items: readonly number[], past?: HistoryState): Promise<HistoryState> {
    const { registerDepth, heads, headDim } = this.config;
    const known = past?.length ?? 0;
    const length = known + items.length;
    const keys = length + 2; // with P and S
    const padding = (KEY_MULTIPLE - (keys % KEY_MULTIPLE)) % KEY_MULTIPLE;
    const rows = items.length + 1; // and S
    const position = (row: number) => known + 1 + row;
    const positions = BigInt64Array.from({ length: rows }, (_, row) => BigInt(position(row)));
    const queries = Float32Array.from({ length: rows * heads }, (_, query) =>
      position(Math.floor(query / heads)),
    );
    const keyPositions = Float32Array.from({ length: keys + padding }, (_, key) => key);
    const outputs = await this.runtime.run(this.sessions.prefill, {
      item_ids: new Tensor('int32', Int32Array.from(items), [1, items.length]),
      position_ids: new Tensor('int64', positions, [1, rows]),
      suffix_position_ids: new Tensor('int64', positions.slice(-1), [1, 1]),
      query_positions: new Tensor('float32', queries, [1, rows * heads, 1]),
      key_positions: new Tensor('float32', keyPositions, [1, 1, keys + padding]),
      past_key_values: this.tensor(past?.keyValues ?? this.zeros(0), known, registerDepth * 2 * headDim),
      key_padding: this.tensor(this.zeros(padding * 2 * headDim), padding, 2 * headDim),
    });
    return {
      length,
      keyValues: outputs.present_key_values.data as KeyValueBytes,
      suffix: outputs.suffix_key_values.data as KeyValueBytes,
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
    const { registerDepth, depth, heads, headDim, codebook } = this.config;
    const rows = beams.codes.length;
    const row = depth * 2 * headDim;
    const earlier = beams.earlier.length / row;
    const codes = beams.codes.map((code) => beams.level * codebook + code);
    const position = BigInt(state.length + 2 + beams.level); // P, the history and S come before code 0
    const outputs = await this.runtime.run(this.sessions.decode, {
      code_ids: new Tensor('int32', codes, [1, rows]),
      position_ids: new Tensor('int64', new BigInt64Array(rows).fill(position), [1, rows]),
      level: new Tensor('int64', BigInt64Array.of(BigInt(beams.level + 1)), [1]),
      past_key_values: this.tensor(state.keyValues, state.length, registerDepth * 2 * headDim),
      suffix_key_values: this.tensor(state.suffix, 1, row),
      beam_key_values: new Tensor('float32', beams.earlier, [1, earlier, row]),
      mask: visibility(beams.ancestors, heads, earlier),
      key_counts: new Tensor(
        'int64',
        BigInt64Array.of(BigInt(2 + earlier + rows), BigInt(state.length)),
        [2],
      ),
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

/**
 * What each row sees of P, S, the beams' earlier codes and the rows: P, S, its own former codes and itself. 0 there,
 * -inf elsewhere, the same for each head: [1, rows * heads, keys].
 */
function visibility(ancestors: number[][], heads: number, earlier: number) {
  const keys = 2 + earlier + ancestors.length;
  const mask = new Float32Array(ancestors.length * heads * keys).fill(-Infinity);
  for (const [row, own] of ancestors.entries()) {
    for (let head = 0; head < heads; head++) {
      const start = (row * heads + head) * keys;
      mask.fill(0, start, start + 2);
      for (const column of own) mask[start + 2 + column] = 0;
      mask[start + 2 + earlier + row] = 0;
    }
  }
  return new Tensor('float32', mask, [1, ancestors.length * heads, keys]);
}
