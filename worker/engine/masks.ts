/** What each row of a run sees, as the graphs take it: 0 where a key is visible, -inf where not. */
import { Tensor } from './runtime.ts';

/**
 * Layers 1..k: rows at the positions `first`, `first` + 1, … see the keys up to their own position, of `keys` that stand in the order of
 * theirs. [rows * heads x keys].
 */
export function causal(first: number, rows: number, heads: number, keys: number): Float32Array {
  const mask = new Float32Array(rows * heads * keys);
  for (let query = 0; query < rows * heads; query++) {
    const position = first + Math.floor(query / heads);
    mask.fill(-Infinity, query * keys + position + 1, (query + 1) * keys);
  }
  return mask;
}

/**
 * Which keys each row sees after layer k: P, the `localWindow` rows before it, itself. Keys stand as P, the past rows, the rows; `window`
 * int32 [rows, localWindow + 2] has the places of those seen, `window_mask` float32 [1, rows, 1, localWindow + 2] is 0 for a row that is
 * there and -inf for one that is not. In the same order for each row, whatever else runs: so its sums are the same.
 */
export function surroundings(rows: number, past: number, localWindow: number) {
  const size = localWindow + 2;
  const window = new Int32Array(rows * size);
  const mask = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    for (let slot = 1; slot < size; slot++) {
      const place = 1 + past + row - (size - 1 - slot);
      if (place >= 1) window[row * size + slot] = place;
      else mask[row * size + slot] = -Infinity;
    }
  }
  return {
    window: new Tensor('int32', window, [rows, size]),
    window_mask: new Tensor('float32', mask, [1, rows, 1, size]),
  };
}

/**
 * What each row sees of the `shared` keys, the beams' earlier codes and the rows: all of the first, its own former codes and
 * itself. 0 there, -inf elsewhere, the same for each head: [1, rows * heads, keys].
 */
export function visibility(ancestors: number[][], heads: number, shared: number, earlier: number) {
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
