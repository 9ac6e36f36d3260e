/** What S attends to in each layer, read from the prefill graph. */
import { type ModelConfig, slidingLayers } from '../engine/config.ts';
import type { Fetches } from '../engine/runtime.ts';

/** The mean over the heads of one layer. */
export interface AttentionLayer {
  prefix: number;
  /** One per item of the history, oldest first; null where the layer can't see the item. */
  items: (number | null)[];
  suffix: number;
}

/** Names of the graph's attention weights, as `scripts/build/graph.ts` numbers them. */
const nameOf = (layer: number): string => (layer === 0 ? 'Softmax' : `Softmax_${layer}`);

/**
 * The graph with its attention weights as further outputs. A protobuf message may come in parts, whose lists
 * are joined (https://protobuf.dev/programming-guides/encoding/#last-one-wins): these bytes are one more
 * part of `ModelProto.graph` (field 7), with a `ValueInfoProto` (field 12) of nothing but a name (field 1)
 * for each output.
 */
export function withAttention(graph: Uint8Array, layers: number): Uint8Array {
  const outputs = Array.from({ length: layers }, (_, layer) =>
    field(12, field(1, new TextEncoder().encode(nameOf(layer)))),
  );
  return joined([graph, field(7, joined(outputs))]);
}

/** Rows are heads side by side; S is the newest token, so its rows are the last ones. */
export function attentionOf(outputs: Fetches, config: ModelConfig, length: number): AttentionLayer[] {
  const { depth, registerDepth, heads, localWindow, slidingWindow = 0 } = config;
  const sliding = slidingLayers(config);
  return Array.from({ length: depth }, (_, layer) => {
    const { dims, data } = outputs[nameOf(layer)];
    const keys = dims[dims.length - 1];
    const values = (data as Float32Array).subarray(-heads * keys);
    const weights = Array.from({ length: keys }, (_, key) => {
      let sum = 0;
      for (let head = 0; head < heads; head++) sum += values[head * keys + key];
      return sum / heads;
    });
    if (layer >= sliding && layer < registerDepth) {
      return { prefix: weights[0], items: weights.slice(1, length + 1), suffix: weights[length + 1] };
    }
    // P, the newest items, S
    const window = layer < sliding ? slidingWindow : localWindow;
    const newest = weights.slice(1, window + 1);
    const items = Array.from({ length }, (_, item) => newest[item - (length - window)] ?? null);
    return { prefix: weights[0], items, suffix: weights[window + 1] };
  });
}

/** A length-delimited field. */
function field(number: number, bytes: Uint8Array): Uint8Array {
  return joined([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function joined(parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
