/**
 * Rounding to int8: weights symmetric with one scale per channel, activations asymmetric with one scale per
 * tensor. Both are static.
 */
import type { Matrix } from './checkpoint.ts';
import type { Linear } from './weights.ts';

export interface QuantizedLinear {
  /** In the shape of what was rounded. */
  data: Int8Array;
  /** One per column, or per row. */
  scale: Float32Array;
}

/** One scale per output channel: w = data * scale. */
export function quantizeColumns({ inputs, outputs, data }: Linear): QuantizedLinear {
  const scale = new Float32Array(outputs);
  for (let i = 0; i < data.length; i++) scale[i % outputs] = Math.max(scale[i % outputs], Math.abs(data[i]));
  for (let c = 0; c < outputs; c++) scale[c] = scale[c] / 127 || 1;
  const quantized = new Int8Array(inputs * outputs);
  for (let i = 0; i < data.length; i++) quantized[i] = Math.round(data[i] / scale[i % outputs]);
  return { data: quantized, scale };
}

/** One scale per row, for an embedding table: w = data * scale. */
export function quantizeRows({ rows, columns, data }: Matrix): QuantizedLinear {
  const scale = new Float32Array(rows);
  const quantized = new Int8Array(data.length);
  for (let r = 0; r < rows; r++) {
    const row = data.subarray(r * columns, (r + 1) * columns);
    scale[r] = row.reduce((largest, w) => Math.max(largest, Math.abs(w)), 0) / 127 || 1;
    for (let c = 0; c < columns; c++) quantized[r * columns + c] = Math.round(row[c] / scale[r]);
  }
  return { data: quantized, scale };
}

/** uint8 from a calibrated range that includes zero: x = (q - zeroPoint) * scale. */
export function activationScale([low, high]: number[]): { scale: number; zeroPoint: number } {
  const scale = Math.fround((high - low) / 255) || 1;
  return { scale, zeroPoint: Math.min(255, Math.max(0, Math.round(-low / scale))) };
}
