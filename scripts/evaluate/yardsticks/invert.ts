/**
 * The inverse of a symmetric positive definite matrix by the sweep operator (Goodnight, *A Tutorial on the
 * SWEEP Operator*, The American Statistician 1979), a block of rows at a time. Sweeping a block K turns
 *
 *     A_KK into -A_KK^-1,   A_iK into A_iK A_KK^-1,   A_ij into A_ij - A_iK A_KK^-1 A_Kj,
 *
 * and when every block has been swept, A is -A^-1. No pivots are chosen: what is left of a positive definite
 * matrix is positive definite. The last step is nearly all of the work. Blocks turn it into products of small
 * tiles, which stay in registers and caches: 3,706 rows take 11 s of one core.
 */

import { NO_STEP, type Step } from '../../progress.ts';

const BLOCK = 64;
const TILE = 4;

/** `matrix` is [size x size] by rows; only its lower triangle is read. The parts told are of one step. */
export function invertPositiveDefinite(
  matrix: Float64Array,
  size: number,
  step: Step = NO_STEP,
): Float64Array {
  const n = BLOCK * Math.ceil(size / BLOCK);
  // Padded with ones on the diagonal, which change nothing, so that blocks and tiles have no remainders.
  const a = new Float64Array(n * n);
  for (let row = 0; row < size; row++) {
    a.set(matrix.subarray(row * size, row * size + row + 1), row * n);
  }
  for (let row = size; row < n; row++) a[row * n + row] = 1;

  const before = new Float64Array(n * BLOCK);
  const after = new Float64Array(n * BLOCK);
  for (let start = 0; start < n; start += BLOCK) {
    sweep(a, n, start, before, after);
    step(BLOCK / n);
  }

  const inverse = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      inverse[row * size + column] = inverse[column * size + row] = -a[row * n + column];
    }
  }
  return inverse;
}

/**
 * Sweeps the block that begins at `start`. The other two arrays are [n x BLOCK], for A_iK before and after.
 */
function sweep(a: Float64Array, n: number, start: number, before: Float64Array, after: Float64Array): void {
  const end = start + BLOCK;
  const inverse = invertBlock(a, n, start);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < BLOCK; k++) {
      // Above the block, A_iK is read from the lower triangle as A_Ki.
      before[i * BLOCK + k] = i < start ? a[(start + k) * n + i] : a[i * n + start + k];
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < BLOCK; k++) {
      let sum = 0;
      for (let l = 0; l < BLOCK; l++) sum += before[i * BLOCK + l] * inverse[l * BLOCK + k];
      after[i * BLOCK + k] = sum;
    }
  }
  for (let i = 0; i < n; i += TILE) {
    if (i >= start && i < end) continue;
    for (let j = 0; j <= i; j += TILE) {
      if (j < start || j >= end) subtractTile(a, n, i, j, before, after);
    }
  }
  for (let i = 0; i < start; i++) {
    for (let k = 0; k < BLOCK; k++) a[(start + k) * n + i] = after[i * BLOCK + k];
  }
  for (let i = end; i < n; i++) {
    a.set(after.subarray(i * BLOCK, (i + 1) * BLOCK), i * n + start);
  }
  for (let k = 0; k < BLOCK; k++) {
    for (let l = 0; l <= k; l++) a[(start + k) * n + start + l] = -inverse[k * BLOCK + l];
  }
}

/** A_ij -= after_i . before_j for the tile whose first element is (i, j). */
function subtractTile(
  a: Float64Array,
  n: number,
  i: number,
  j: number,
  before: Float64Array,
  after: Float64Array,
): void {
  let s00 = 0,
    s01 = 0,
    s02 = 0,
    s03 = 0;
  let s10 = 0,
    s11 = 0,
    s12 = 0,
    s13 = 0;
  let s20 = 0,
    s21 = 0,
    s22 = 0,
    s23 = 0;
  let s30 = 0,
    s31 = 0,
    s32 = 0,
    s33 = 0;
  for (let k = 0; k < BLOCK; k++) {
    const x0 = after[i * BLOCK + k],
      x1 = after[(i + 1) * BLOCK + k],
      x2 = after[(i + 2) * BLOCK + k],
      x3 = after[(i + 3) * BLOCK + k];
    const y0 = before[j * BLOCK + k],
      y1 = before[(j + 1) * BLOCK + k],
      y2 = before[(j + 2) * BLOCK + k],
      y3 = before[(j + 3) * BLOCK + k];
    s00 += x0 * y0;
    s01 += x0 * y1;
    s02 += x0 * y2;
    s03 += x0 * y3;
    s10 += x1 * y0;
    s11 += x1 * y1;
    s12 += x1 * y2;
    s13 += x1 * y3;
    s20 += x2 * y0;
    s21 += x2 * y1;
    s22 += x2 * y2;
    s23 += x2 * y3;
    s30 += x3 * y0;
    s31 += x3 * y1;
    s32 += x3 * y2;
    s33 += x3 * y3;
  }
  let at = i * n + j;
  a[at] -= s00;
  a[at + 1] -= s01;
  a[at + 2] -= s02;
  a[at + 3] -= s03;
  at += n;
  a[at] -= s10;
  a[at + 1] -= s11;
  a[at + 2] -= s12;
  a[at + 3] -= s13;
  at += n;
  a[at] -= s20;
  a[at + 1] -= s21;
  a[at + 2] -= s22;
  a[at + 3] -= s23;
  at += n;
  a[at] -= s30;
  a[at + 1] -= s31;
  a[at + 2] -= s32;
  a[at + 3] -= s33;
}

/** The inverse of the block on the diagonal at `start`, [BLOCK x BLOCK], by sweeping one row at a time. */
function invertBlock(a: Float64Array, n: number, start: number): Float64Array {
  const block = new Float64Array(BLOCK * BLOCK);
  for (let k = 0; k < BLOCK; k++) {
    for (let l = 0; l <= k; l++) {
      block[k * BLOCK + l] = block[l * BLOCK + k] = a[(start + k) * n + start + l];
    }
  }
  for (let p = 0; p < BLOCK; p++) {
    const pivot = block[p * BLOCK + p];
    const row = block.slice(p * BLOCK, (p + 1) * BLOCK);
    for (let i = 0; i < BLOCK; i++) {
      if (i === p) continue;
      const factor = row[i] / pivot;
      for (let j = 0; j < BLOCK; j++) {
        if (j !== p) block[i * BLOCK + j] -= factor * row[j];
      }
      block[i * BLOCK + p] = block[p * BLOCK + i] = factor;
    }
    block[p * BLOCK + p] = -1 / pivot;
  }
  return block.map((value) => -value);
}
