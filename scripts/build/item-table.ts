/** The item table, and the graph that multiplies it. */
import { ITEM_TABLE_FILE, type ModelConfig, type Precision } from '../../worker/engine/config.ts';
import { itemTableLayout } from '../../worker/engine/item-table.ts';
import type { Matrix } from './checkpoint.ts';
import { Graph, Weights } from './graph.ts';
import { quantizeRows } from './quantize.ts';

/** The table's file, as `itemTableLayout` says; `vectors` are [items x width]. */
export function itemTable(vectors: Matrix, precision: Precision): Uint8Array {
  const { rows: items, columns: width } = vectors;
  const { bytes, scalesAt } = itemTableLayout({ items, width }, precision);
  const file = new Uint8Array(bytes);
  if (scalesAt === null) file.set(bytesOf(vectors.data));
  else {
    const { data, scale } = quantizeRows(vectors);
    file.set(bytesOf(data));
    file.set(bytesOf(scale), scalesAt);
  }
  return file;
}

/** What the file has of the first `count` items: the same bytes, whatever items follow. */
export function firstRows(file: Uint8Array, count: number, config: ModelConfig, precision: Precision) {
  const { scalesAt } = itemTableLayout(config, precision);
  const { width } = config;
  if (scalesAt === null) return [file.subarray(0, 4 * width * count)];
  return [file.subarray(0, width * count), file.subarray(scalesAt, scalesAt + 4 * count)];
}

/**
 * *score*: S's final state becomes every item's log-probability. Input: `final_state` float32 [1, width].
 * Output: `item_log_probs` float32 [1, items]. The engine hands it the table transposed. In int8 the state's
 * scale is its own, so nothing else can change the product.
 */
export function scoreGraph({ items, width }: ModelConfig, precision: Precision): Uint8Array {
  const graph = new Graph('score', new Weights());
  const final = graph.input('final_state', 'float32', [1, width]);
  const { scalesAt } = itemTableLayout({ items, width }, precision);
  const table = { type: precision, dims: [width, items], file: ITEM_TABLE_FILE, offset: 0 };
  const values = graph.external('item_table', table);
  let logits: string;
  if (scalesAt === null) logits = graph.node('MatMul', [final, values]);
  else {
    const place = { type: 'float32' as const, dims: [items], file: ITEM_TABLE_FILE, offset: scalesAt };
    const scales = graph.external('item_scales', place);
    logits = graph.node('com.microsoft.DynamicQuantizeMatMul', [final, values, scales]);
  }
  graph.output(graph.node('LogSoftmax', [logits], { axis: -1 }), 'item_log_probs', 'float32', [1, items]);
  return graph.encode();
}

function bytesOf({ buffer, byteOffset, byteLength }: Int8Array | Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
