/** The two graphs as functions: prefill a history, decode the next code of many beams. */
import type { ModelConfig } from './manifest.ts';
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
  /** Of the first code, [codebook]. */
  logits: Float32Array;
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
  earlier: KeyValueBytes;
}

export class Decoder {
  readonly config: ModelConfig;
  private readonly runtime: Runtime;
  private readonly prefillSession: Session;
  private readonly decodeSession: Session;
  private readonly type: 'int8' | 'float32';

  constructor(
    runtime: Runtime,
    config: ModelConfig,
    precision: 'int8' | 'float32',
    sessions: { prefill: Session; decode: Session },
  ) {
    this.runtime = runtime;
    this.config = config;
    this.type = precision;
    this.prefillSession = sessions.prefill;
    this.decodeSession = sessions.decode;
  }

  /** An empty array of this model's key/value type. */
  noKeyValues(): KeyValueBytes {
    return this.type === 'int8' ? new Int8Array(0) : new Float32Array(0);
  }

  /**
   * The state of `past`'s history with `items` appended. Only `items` and S run. In int8 the result is byte for
   * byte what a prefill of everything at once gives.
   */
  async prefill(items: readonly number[], past?: HistoryState): Promise<HistoryState> {
    const { registerDepth, headDim } = this.config;
    const known = past?.length ?? 0;
    const length = known + items.length;
    const keys = length + 2; // with P and S
    const padding = (KEY_MULTIPLE - (keys % KEY_MULTIPLE)) % KEY_MULTIPLE;
    const positions = BigInt64Array.from({ length: items.length + 1 }, (_, i) => BigInt(known + 1 + i));
    const outputs = await this.runtime.run(this.prefillSession, {
      item_ids: new Tensor('int32', Int32Array.from(items), [items.length]),
      position_ids: new Tensor('int64', positions, [1, items.length + 1]),
      past_key_values: this.tensor(past?.keyValues ?? this.noKeyValues(), known, registerDepth * 2 * headDim),
      key_padding: this.tensor(this.zeros(padding * 2 * headDim), padding, 2 * headDim),
    });
    return {
      length,
      keyValues: outputs.present_key_values.data as KeyValueBytes,
      suffix: outputs.suffix_key_values.data as KeyValueBytes,
      logits: outputs.logits.data as Float32Array,
    };
  }

  /** Logits of each beam's next code, [beams x codebook], and the keys and values of its newest one. */
  async decode(
    state: HistoryState,
    beams: BeamRows,
  ): Promise<{ logits: Float32Array; keyValues: KeyValueBytes }> {
    const { registerDepth, depth, headDim, codebook } = this.config;
    const rows = beams.codes.length;
    const row = depth * 2 * headDim;
    const earlier = beams.earlier.length / row;
    const position = BigInt(state.length + 2 + beams.level); // P, the history and S come before code 0
    const outputs = await this.runtime.run(this.decodeSession, {
      code_ids: new Tensor(
        'int32',
        beams.codes.map((code) => beams.level * codebook + code),
        [rows],
      ),
      position_ids: new Tensor('int64', new BigInt64Array(rows).fill(position), [1, rows]),
      level: new Tensor('int64', BigInt64Array.of(BigInt(beams.level + 1)), [1]),
      past_key_values: this.tensor(state.keyValues, state.length, registerDepth * 2 * headDim),
      suffix_key_values: this.tensor(state.suffix, 1, row),
      beam_key_values: this.tensor(beams.earlier, earlier, row),
      mask: new Tensor('float32', visibility(beams.ancestors, earlier), [rows, 1, 2 + earlier + rows]),
      history_mask: new Tensor('float32', new Float32Array(rows * state.length), [rows, 1, state.length]),
    });
    return {
      logits: outputs.logits.data as Float32Array,
      keyValues: outputs.present_beam_key_values.data as KeyValueBytes,
    };
  }

  async release(): Promise<void> {
    await this.runtime.release(this.prefillSession);
    await this.runtime.release(this.decodeSession);
  }

  private tensor(data: KeyValueBytes, rows: number, columns: number) {
    return data instanceof Int8Array
      ? new Tensor('int8', data, [rows, columns])
      : new Tensor('float32', data, [rows, columns]);
  }

  private zeros(length: number): KeyValueBytes {
    return this.type === 'int8' ? new Int8Array(length) : new Float32Array(length);
  }
}

/** Each row sees P, S, its own former codes and itself: 0 there, -inf elsewhere. [rows x (2 + earlier + rows)]. */
function visibility(ancestors: number[][], earlier: number): Float32Array {
  const columns = 2 + earlier + ancestors.length;
  const mask = new Float32Array(ancestors.length * columns).fill(-Infinity);
  for (const [row, own] of ancestors.entries()) {
    const start = row * columns;
    mask.fill(0, start, start + 2);
    for (const column of own) mask[start + 2 + column] = 0;
    mask[start + 2 + earlier + row] = 0;
  }
  return mask;
}
