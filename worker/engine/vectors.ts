/** Sum of the products of two vectors' elements. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let c = 0; c < a.length; c++) sum += a[c] * b[c];
  return sum;
}

/** Of a vector; 1 for zeros, so that one may divide by it. */
export const lengthOf = (vector: Float32Array): number => Math.sqrt(dot(vector, vector)) || 1;
