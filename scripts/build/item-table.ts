/** The item table, and the graph that multiplies it. */
import { ITEM_TABLE_FILE, type ModelConfig, type Precision } from '../../worker/engine/config.ts';
import { itemTableLayout } from '../../worker/engine/item-table.ts';
import type { Matrix } from './checkpoint.ts';
import { Graph, Weights } from './graph.ts';
import { quantizeRows } from './quantize.ts';

export interface BuiltItemTable {
  /** The file, as `itemTableLayout` says. */
  bytes: Uint8Array;
  /** The values of the first `items` items: equal for equal items, whatever items follow. */
  rows(items: number): Uint8Array[];
}

/** `vectors` [items x width]. */
export function itemTable(vectors: Matrix, precision: Precision): BuiltItemTable {
  const { rows: items, columns: width } = vectors;
  const layout = itemTableLayout({ items, width }, precision);
  const bytes = new Uint8Array(layout.bytes);
  if (layout.scalesAt === null) {
    place(vectors.data, new Float32Array(bytes.buffer), items);
    return { bytes, rows: (count) => [bytesOf(vectors.data.subarray(0, count * width))] };
  }
  const { data, scale } = quantizeRows(vectors);
  place(data, new Int8Array(bytes.buffer), items);
  new Float32Array(bytes.buffer, layout.scalesAt).set(scale);
  return {
    bytes,
    rows: (count) => [bytesOf(data.subarray(0, count * width)), bytesOf(scale.subarray(0, count))],
  };
}

/**
 * *score*: S's final state becomes every item's log-probability. Input: `final_state` float32 [1, width].
 * Output: `item_log_probs` float32 [1, items]. In int8 the state's scale is its own, so nothing else can
 * change the product.
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

/** [items x width] -> [width x items]. */
function place<T extends Int8Array | Float32Array>(rows: T, columns: T, items: number): void {
  const width = rows.length / items;
  for (let item = 0; item < items; item++) {
    for (let c = 0; c < width; c++) columns[c * items + item] = rows[item * width + c];
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Int8Array | Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
