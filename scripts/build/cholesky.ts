/**
 * Cholesky's decomposition: the lower triangular L, by rows, with L L' = a positive definite matrix, of whose
 * rows only the lower half is read.
 */
export function choleskyRoot(matrix: readonly Float64Array[]): Float64Array[] {
  const root = matrix.map((row) => row.slice());
  for (let i = 0; i < matrix.length; i++) {
    for (let j = 0; j <= i; j++) {
      let value = matrix[i][j];
      for (let k = 0; k < j; k++) value -= root[i][k] * root[j][k];
      root[i][j] = i === j ? Math.sqrt(value) : value / root[j][j];
    }
  }
  return root;
}
