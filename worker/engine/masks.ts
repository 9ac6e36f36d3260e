/** What each row of a run sees, as the graphs take it: 0 for a visible key, -inf for a hidden one. */
import { Tensor } from './runtime.ts';

/**
 * Layers 1..k. Rows stand at the positions `first`, `first` + 1, … and see the keys up to their own position;
 * `keys` of them stand in the order of their positions. [1, rows * heads, keys].
 */
export function causal(first: number, rows: number, heads: number, keys: number) {
  const mask = new Float32Array(rows * heads * keys);
  for (let query = 0; query < rows * heads; query++) {
    const position = first + Math.floor(query / heads);
    mask.fill(-Infinity, query * keys + position + 1, (query + 1) * keys);
  }
  return new Tensor('float32', mask, [1, rows * heads, keys]);
}

/**
 * Layers with a window. Each row sees P, the `window` rows before it, and itself. Keys stand as P, the `past`
 * rows, the rows of this run. `keys` int32 [rows, window + 2] are the places of those that a row sees; `mask`
 * float32 [1, rows, 1, window + 2] hides the slots without a key. Every row has its keys in the same order of
 * slots, so its sums come out the same whatever else runs.
 */
export function windowed(rows: number, past: number, window: number) {
  const slots = window + 2;
  const keys = new Int32Array(rows * slots);
  const mask = new Float32Array(rows * slots);
  for (let row = 0; row < rows; row++) {
    for (let slot = 1; slot < slots; slot++) {
      const place = 1 + past + row - (slots - 1 - slot);
      if (place >= 1) keys[row * slots + slot] = place;
      else mask[row * slots + slot] = -Infinity;
    }
  }
  return {
    keys: new Tensor('int32', keys, [rows, slots]),
    mask: new Tensor('float32', mask, [1, rows, 1, slots]),
  };
}

/**
 * Decode steps. Every row sees all `shared` keys, its own beam's earlier codes, and itself. The keys stand as
 * the shared ones, the `earlier` codes of all beams, the rows of this run. [1, rows * heads, keys].
 */
export function beamMask(ancestors: number[][], heads: number, shared: number, earlier: number) {
  const keys = shared + earlier + ancestors.length;
  const mask = new Float32Array(ancestors.length * heads * keys).fill(-Infinity);
  for (const [row, own] of ancestors.entries()) {
    for (let head = 0; head < heads; head++) {
      const start = (row * heads + head) * keys;
      mask.fill(0, start, start + shared);
      for (const column of own) mask[start + shared + column] = 0;
      mask[start + shared + earlier + row] = 0;
    }
  }
  return new Tensor('float32', mask, [1, ancestors.length * heads, keys]);
}
